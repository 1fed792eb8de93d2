package platform

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/oauth2"
)

// tokenPatience is how long a call waits for a token endpoint that is down. A wrong secret looks the same.
const tokenPatience = 30 * time.Second

// accessToken gives the token that is known while it is valid, else asks the bot's source, again and again while that
// fails, for tokenPatience.
func (c *Client) accessToken(ctx context.Context) (*oauth2.Token, error) {
	if tok := c.token.Load(); tok.Valid() {
		return tok, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, tokenPatience, errNoToken)
	defer cancel()
	var last error
	for {
		if err := c.outage.wait(ctx); err != nil {
			if last != nil && errors.Is(err, errNoToken) {
				return nil, last
			}
			return nil, err
		}
		if tok := c.token.Load(); tok.Valid() {
			return tok, nil // another call has got one meanwhile
		}
		tok, err := c.askShared(ctx)
		if err == nil {
			return tok, nil
		}
		if ctx.Err() != nil && !errors.Is(context.Cause(ctx), errNoToken) {
			return nil, context.Cause(ctx)
		}
		last = err
		c.cfg.Log.Warnf("richmedia: %s", Clean(err.Error()))
	}
}

var errNoToken = errors.New("no access token within " + tokenPatience.String())

// askShared asks the source. All who ask at the same time share one question, and each leaves it on its own ctx: a
// TokenSource has none.
func (c *Client) askShared(ctx context.Context) (*oauth2.Token, error) {
	c.wg.Add(1)
	c.asking.Add(1)
	answer := c.tokens.DoChan("token", func() (tok any, err error) {
		// singleflight panics again where nobody can recover.
		defer func() {
			if v := recover(); v != nil {
				err = fmt.Errorf("token source panicked: %v", v)
			}
			c.outage.note(err)
		}()
		return c.ask()
	})
	type result = struct {
		tok *oauth2.Token
		err error
	}
	got := make(chan result, 1)
	go func() {
		defer c.wg.Done()
		defer c.asking.Add(-1)
		r := <-answer
		tok, _ := r.Val.(*oauth2.Token)
		got <- result{tok, r.Err}
	}()
	select {
	case r := <-got:
		return r.tok, r.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (c *Client) ask() (*oauth2.Token, error) {
	tok, err := c.cfg.Source.Token()
	if err != nil {
		// botgo's source loses the platform's code: a wrong secret shows as a number that cannot be parsed.
		return nil, fmt.Errorf("no access token, check the app id and the secret: %w", err)
	}
	if tok == nil || tok.AccessToken == "" {
		return nil, errors.New("the token source gave no access token")
	}
	c.token.Store(tok)
	return tok, nil
}

// dropToken forgets tok after the platform refused it. A newer token that another call has fetched stays. The source
// may give the same one again: botgo's keeps it until it expires, whatever the platform says.
func (c *Client) dropToken(tok *oauth2.Token) { c.token.CompareAndSwap(tok, nil) }

// outage spaces the questions to a token endpoint that is down: however many calls wait for it, it is asked once at a
// time, after half a second, then one, two, up to five.
type outage struct {
	mu      sync.Mutex
	pause   time.Duration // before the next question; 0 while all is well
	until   time.Time
	changed chan struct{} // closed by the next answer, for those who wait; nil where nobody does
}

// note keeps how a question went, and lets those who wait look again.
func (o *outage) note(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err == nil {
		o.pause = 0
	} else {
		o.pause = min(max(2*o.pause, 500*time.Millisecond), 5*time.Second)
		o.until = time.Now().Add(o.pause)
	}
	if o.changed != nil {
		close(o.changed)
		o.changed = nil
	}
}

// wait returns when the caller may ask, or when all is well again; else with ctx's cause. Of many who wait one may ask.
func (o *outage) wait(ctx context.Context) error {
	for ctx.Err() == nil {
		d, changed := o.turn()
		if d <= 0 {
			return nil
		}
		timer := time.NewTimer(d)
		select {
		case <-timer.C:
		case <-changed:
		case <-ctx.Done():
		}
		timer.Stop()
	}
	return context.Cause(ctx)
}

// turn is how long the caller has to wait at most; 0 gives it the turn.
func (o *outage) turn() (time.Duration, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.pause == 0 {
		return 0, nil
	}
	if d := time.Until(o.until); d > 0 {
		if o.changed == nil {
			o.changed = make(chan struct{})
		}
		return d, o.changed
	}
	o.until = time.Now().Add(o.pause) // the next one's, should this one get no answer
	return 0, nil
}

var errSameToken = errors.New("the token source gives the same token again; botgo's keeps it until it expires")
