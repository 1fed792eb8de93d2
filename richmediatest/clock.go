package richmediatest

import "time"

// Advance moves the platform's clock forward by d: reply windows, the ttl of a file_info, the addresses of parts, the time to
// recall and to acknowledge end earlier, and what happens from now on has later timestamps. The bot's own clock stays, so
// that a test sees how the bot handles something that has ended before the bot expects it; in a testing/synctest bubble
// time.Sleep moves both. Access tokens and the timestamp of a webhook's signature use the real clock, by which bots renew and
// check them, and so do delays and connections. It panics if d is negative.
func (p *Platform) Advance(d time.Duration) {
	if d < 0 {
		panic("richmediatest: Advance cannot go back")
	}
	p.ahead.Add(int64(d))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wake()
}

// Now returns the platform's time: the machine's plus what Advance has added.
func (p *Platform) Now() time.Time { return p.now() }

// now is Now, with p.mu held or not.
func (p *Platform) now() time.Time { return time.Now().Add(time.Duration(p.ahead.Load())) }
