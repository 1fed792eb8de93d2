package main

import (
	"bytes"
	"context"
	"io"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// week is what the report is about.
var week = struct {
	days     []string
	messages plotter.Values
	seconds  plotter.XYs
}{
	[]string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"},
	plotter.Values{120, 180, 160, 240, 310, 420, 380},
	plotter.XYs{{X: 0, Y: 1.2}, {X: 1, Y: 1.1}, {X: 2, Y: 0.9}, {X: 3, Y: 1.4}, {X: 4, Y: 1.0}, {X: 5, Y: 0.8}, {X: 6, Y: 0.7}},
}

// bars draws the messages of each day.
func bars() (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text = "Messages"
	p.NominalX(week.days...)
	chart, err := plotter.NewBarChart(week.messages, vg.Points(24))
	if err != nil {
		return nil, err
	}
	p.Add(chart)
	return p, nil
}

// line draws how long the answers took.
func line() (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text = "Seconds until the answer"
	p.NominalX(week.days...)
	curve, points, err := plotter.NewLinePoints(week.seconds)
	if err != nil {
		return nil, err
	}
	p.Add(curve, points)
	return p, nil
}

// asPNG returns what draws a chart and opens it as a png, when it is needed.
func asPNG(draw func() (*plot.Plot, error)) func(context.Context) (io.ReadCloser, error) {
	return func(context.Context) (io.ReadCloser, error) {
		p, err := draw()
		if err != nil {
			return nil, err
		}
		w, err := p.WriterTo(12*vg.Centimeter, 6*vg.Centimeter, "png")
		if err != nil {
			return nil, err
		}
		var out bytes.Buffer
		_, err = w.WriteTo(&out)
		return io.NopCloser(&out), err
	}
}
