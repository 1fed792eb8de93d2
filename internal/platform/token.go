package platform

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/oauth2"
)

// accessToken gives the token that is known while it is valid, else asks the bot's source. All who need one
// at the same time share one question, and each leaves it on its own ctx: a TokenSource has none.
func (c *Client) accessToken(ctx context.Context) (*oauth2.Token, error) {
	if tok := c.token.Load(); tok.Valid() {
		return tok, nil
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	c.wg.Add(1)
	c.asking.Add(1)
	answer := c.tokens.DoChan("token", func() (tok any, err error) {
		// singleflight panics again where nobody can recover.
		defer func() {
			if v := recover(); v != nil {
				err = fmt.Errorf("token source panicked: %v", v)
			}
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

var errSameToken = errors.New("the token source gives the same token again; botgo's keeps it until it expires")
