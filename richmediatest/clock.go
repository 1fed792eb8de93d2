package richmediatest

import "time"

// Advance moves the platform's clock forward by d, for good: reply windows, the ttl of a file_info, the addresses of parts,
// the time to recall and to acknowledge all end the earlier, and what happens from now on is stamped later. The bot's own
// clock stays, so that a test sees what it does when it believes in something that has ended; in a testing/synctest bubble
// time.Sleep moves both. Access tokens and the time that a webhook's signature names keep to the real clock, by which bots
// renew and check them, and so do delays and connections. It panics when d is below 0: nothing is young again.
func (p *Platform) Advance(d time.Duration) {
	if d < 0 {
		panic("richmediatest: Advance cannot go back")
	}
	p.ahead.Add(int64(d))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wake()
}

// Now is the platform's time: the machine's, and what Advance has added.
func (p *Platform) Now() time.Time { return p.now() }

// now is Now, with p.mu held or not.
func (p *Platform) now() time.Time { return time.Now().Add(time.Duration(p.ahead.Load())) }
