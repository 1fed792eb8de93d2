package ledger

// The ranges of numbers. MaxSeq is the largest msg_seq that is known to work everywhere (openclaw-qqbot).
const (
	handMadeFirst, handMadeLast = 501, 600
	handlerFirst, handlerLast   = 1001, 2000
	blocksFirst                 = 2001
	blocks, blockSize           = 600, 100
	blocksLast                  = blocksFirst + blocks*blockSize - 1
	MaxSeq                      = 65535
	// NoSeq stands for a block without numbers: every claim of Entry.Job(NoSeq) returns ErrLimit.
	NoSeq = MaxSeq + 1
)

// lastOf returns the last number of a job that counts from first on: 100 numbers, but not past the end of the block or
// of the range that first lies in, where the numbers of other runs begin.
func lastOf(first uint32) uint32 {
	end := uint32(MaxSeq)
	switch {
	case first < handMadeFirst:
		end = handMadeFirst - 1
	case first <= handMadeLast:
		end = handMadeLast
	case first < handlerFirst:
		end = handlerFirst - 1
	case first <= handlerLast:
		end = handlerLast
	case first <= blocksLast:
		end = first - (first-blocksFirst)%blockSize + blockSize - 1
	}
	return min(first+blockSize-1, end)
}
