package ledger

// Deliveries returns how many deliveries e tells apart.
func (e *Entry) Deliveries() int {
	n := 0
	for r := e.deliveries; r != nil; r = r.earlier {
		n++
	}
	return n
}
