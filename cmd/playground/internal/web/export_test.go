package web

import (
	"maps"
	"slices"
)

// Patterns returns the API's methods and paths.
func (s *Server) Patterns() []string { return slices.Sorted(maps.Keys(s.api())) }

// Faults returns the names of all faults.
func Faults() []string { return slices.Concat(switches, deeds, []string{"off"}) }
