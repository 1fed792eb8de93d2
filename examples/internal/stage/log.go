package stage

import (
	"io"
	stdlog "log"

	"github.com/tencent-connect/botgo/log"
)

// Quiet is a logger for botgo, and so for the plugin, that writes warnings and errors to w. botgo's default one shows
// everything, and its debug and info lines hold the app secret, access tokens and every event: keep them out of the logs
// of a real bot.
func Quiet(w io.Writer) log.Logger { return quiet{stdlog.New(w, "", stdlog.LstdFlags)} }

type quiet struct{ out *stdlog.Logger }

func (quiet) Debug(...any)          {}
func (quiet) Debugf(string, ...any) {}
func (quiet) Info(...any)           {}
func (quiet) Infof(string, ...any)  {}

func (q quiet) Warn(v ...any)                  { q.out.Print(v...) }
func (q quiet) Warnf(format string, v ...any)  { q.out.Printf(format, v...) }
func (q quiet) Error(v ...any)                 { q.out.Print(v...) }
func (q quiet) Errorf(format string, v ...any) { q.out.Printf(format, v...) }
func (quiet) Sync() error                      { return nil }
