package dispatch

// fifo is a queue that holds no more memory than its elements need. The zero value is empty.
type fifo[T any] struct {
	first, last *cell[T]
}

type cell[T any] struct {
	value T
	next  *cell[T]
}

func (f *fifo[T]) empty() bool { return f.first == nil }

func (f *fifo[T]) push(v T) {
	c := &cell[T]{value: v}
	if f.first == nil {
		f.first = c
	} else {
		f.last.next = c
	}
	f.last = c
}

// pop removes and returns the element that was pushed first. The queue must not be empty.
func (f *fifo[T]) pop() T {
	c := f.first
	f.first = c.next
	if f.first == nil {
		f.last = nil
	}
	return c.value
}
