package richmedia

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tencent-connect/botgo/dto"

	"github.com/botgo-contrib/richmedia/internal/seen"
)

// Interaction is the button that was pressed; nil if the event is no interaction.
func (c *Context) Interaction() *dto.Interaction { return c.in.interaction }

// ButtonData is the data of the button that was pressed, as the bot put it into the keyboard; "" if the event is no
// interaction.
func (c *Context) ButtonData() string {
	if c.in.interaction == nil || c.in.interaction.Data == nil {
		return ""
	}
	var resolved struct {
		ButtonData looseString `json:"button_data"`
	}
	_ = json.Unmarshal(c.in.interaction.Data.Resolved, &resolved) // what is not there stays empty
	return string(resolved.ButtonData)
}

// Ack acknowledges an interaction with a code: 0 done, 1 failed, 2 too frequent, 3 repeated, 4 no permission,
// 5 for administrators only. It is for WithManualAck, once, within 3 s of the event.
func (c *Context) Ack(ctx context.Context, code int) error {
	switch {
	case c.in.interaction == nil || c.in.interaction.ID == "":
		return errors.New("richmedia: Ack: this event is no interaction")
	case !c.p.cfg.manualAck:
		return errors.New("richmedia: Ack: the plugin has acknowledged it; to do it yourself set WithManualAck")
	case code < 0 || code > 5:
		return fmt.Errorf("richmedia: Ack: code %d; the platform takes 0 to 5", code)
	}
	ctx, leave, err := c.p.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if err := c.p.client.Ack(ctx, c.in.interaction.ID, code); err != nil {
		return apiError(err)
	}
	return nil
}

// acknowledge acknowledges the event of a button as it arrives, unless the handler does. It passes the chat's queue: the user
// sees a failure after 3 s.
func (p *Plugin) acknowledge(c *Context) error {
	if c.in.interaction == nil || p.cfg.manualAck || !acknowledged(c.in.interaction) {
		return nil
	}
	return p.dispatch.Go(p.life, func() { p.ackNow(c) })
}

// acknowledged reports whether the platform waits for an acknowledgement: of buttons and quick menus only (docs 2026-08).
func acknowledged(i *dto.Interaction) bool {
	const button, quickMenu = 11, 12
	return i.ID != "" && (i.Type == button || i.Type == quickMenu)
}

// ackNow acknowledges once, also if the event is delivered again: the platform refuses a second time.
func (p *Plugin) ackNow(c *Context) {
	id := c.in.interaction.ID
	err := p.acks.Once(p.life, seen.IDs{id}, func() error { return p.client.Ack(p.life, id, 0) })
	if err != nil {
		p.cfg.log.Warnf("richmedia: acknowledging an interaction failed: %v", apiError(err))
	}
}
