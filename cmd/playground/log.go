package main

import "log"

// quiet is a logger for botgo that writes warnings and errors only. botgo's default logger writes everything, and its debug
// and info lines contain the app secret, access tokens and every event: keep them out of the logs of a real bot.
type quiet struct{ out *log.Logger }

func (quiet) Debug(...any)          {}
func (quiet) Debugf(string, ...any) {}
func (quiet) Info(...any)           {}
func (quiet) Infof(string, ...any)  {}

func (q quiet) Warn(v ...any)                  { q.out.Print(v...) }
func (q quiet) Warnf(format string, v ...any)  { q.out.Printf(format, v...) }
func (q quiet) Error(v ...any)                 { q.out.Print(v...) }
func (q quiet) Errorf(format string, v ...any) { q.out.Printf(format, v...) }
func (quiet) Sync() error                      { return nil }
