package main

// known are the faults of the clients themselves, by title of the column and capability. The run fails if one of them no longer
// shows.
var known = map[string]map[string]string{}
