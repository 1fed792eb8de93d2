package ledger

// Runs is how many deliveries e tells apart.
func (e *Entry) Runs() int {
	n := 0
	for r := e.run; r != nil; r = r.earlier {
		n++
	}
	return n
}
