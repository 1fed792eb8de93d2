package richmedia_test

import (
	"fmt"
	"strings"
	"sync"
)

// logger keeps what is logged.
type logger struct {
	mu    sync.Mutex
	lines []string
}

func (l *logger) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
}

func (l *logger) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}

func (l *logger) Debug(v ...any)            { l.add(fmt.Sprint(v...)) }
func (l *logger) Info(v ...any)             { l.add(fmt.Sprint(v...)) }
func (l *logger) Warn(v ...any)             { l.add(fmt.Sprint(v...)) }
func (l *logger) Error(v ...any)            { l.add(fmt.Sprint(v...)) }
func (l *logger) Debugf(f string, v ...any) { l.add(fmt.Sprintf(f, v...)) }
func (l *logger) Infof(f string, v ...any)  { l.add(fmt.Sprintf(f, v...)) }
func (l *logger) Warnf(f string, v ...any)  { l.add(fmt.Sprintf(f, v...)) }
func (l *logger) Errorf(f string, v ...any) { l.add(fmt.Sprintf(f, v...)) }
func (l *logger) Sync() error               { return nil }

// mute is a logger that keeps nothing.
type mute struct{}

func (mute) Debug(...any)          {}
func (mute) Info(...any)           {}
func (mute) Warn(...any)           {}
func (mute) Error(...any)          {}
func (mute) Debugf(string, ...any) {}
func (mute) Infof(string, ...any)  {}
func (mute) Warnf(string, ...any)  {}
func (mute) Errorf(string, ...any) {}
func (mute) Sync() error           { return nil }
