package platform

import "golang.org/x/time/rate"

// endpoint is a class of calls that the platform counts together.
type endpoint int

const (
	endpointMessages endpoint = iota
	endpointFiles
	endpointPrepare
	endpointPartFinish
	endpointInteractions
	endpoints // how many there are
)

// newRates makes one limiter for each endpoint, after docs 2026-08 on QPS. A tenth of each rate is its burst,
// so that no second ever holds more than the platform allows.
func newRates() [endpoints]*rate.Limiter {
	var all [endpoints]*rate.Limiter
	for e, qps := range [endpoints]int{
		endpointMessages:     100,
		endpointFiles:        50,
		endpointPrepare:      10,
		endpointPartFinish:   10,
		endpointInteractions: 50,
	} {
		burst := qps / 10
		all[e] = rate.NewLimiter(rate.Limit(qps-burst), burst)
	}
	return all
}
