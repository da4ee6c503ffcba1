package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"latchkey/emulator/origin"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
	"latchkey/emulator/worldclock"
)

// duration is a time.Duration as people write it: "2h30m".
type duration time.Duration

// MarshalJSON writes it as people do.
func (d duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

// UnmarshalJSON reads it as people write it.
func (d *duration) UnmarshalJSON(raw []byte) error {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return fmt.Errorf("a duration is a text such as \"2h30m\" or \"500ms\", not %s", wire.Clip(string(raw)))
	}
	parsed, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("%q is no duration: write one such as \"2h30m\" or \"500ms\"", wire.Clip(text))
	}
	*d = duration(parsed)
	return nil
}

// clockView is how the clock stands.
type clockView struct {
	Now     time.Time `json:"now"`
	Movable bool      `json:"movable"`
	Speed   float64   `json:"speed"`
	Frozen  bool      `json:"frozen"`
	Ahead   duration  `json:"ahead"`
}

func (h *Handler) clockView() clockView {
	if h.Clock == nil {
		return clockView{Now: h.Cloud.World().Now(), Speed: 1}
	}
	s := h.Clock.State()
	return clockView{Now: s.Now, Movable: true, Speed: s.Speed, Frozen: s.Frozen(), Ahead: duration(s.Ahead)}
}

func (h *Handler) clock(*http.Request) (any, error) { return h.clockView(), nil }

// clockChange is what is to be done to the clock.
type clockChange struct {
	Set    *time.Time `json:"set"`
	Move   *duration  `json:"move"`
	Freeze bool       `json:"freeze"`
	Speed  *float64   `json:"speed"`
	Reset  bool       `json:"reset"`
}

func (h *Handler) moveClock(r *http.Request) (any, error) {
	var c clockChange
	if err := read(r, &c); err != nil {
		return nil, err
	}
	if h.Clock == nil {
		return nil, conflict("the emulator was made without a clock that can be moved")
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	if err := c.apply(h.Clock); err != nil {
		return nil, bad("%v", err)
	}
	h.Cloud.World().Settle()
	return h.clockView(), nil
}

func (c clockChange) check() error {
	rates := 0
	for _, asked := range []bool{c.Freeze, c.Speed != nil} {
		if asked {
			rates++
		}
	}
	switch {
	case c == clockChange{}:
		return bad("nothing is asked for: give set, move, freeze, speed or reset")
	case c.Set != nil && c.Move != nil:
		return bad("the clock is set or moved, not both")
	case rates > 1:
		return bad("the clock is frozen or given a speed, not both")
	case c.Reset && (c.Set != nil || c.Move != nil || rates > 0):
		return bad("reset makes the clock follow the machine's; nothing goes beside it")
	case c.Speed != nil && (*c.Speed < 0 || *c.Speed > worldclock.MaxSpeed):
		return bad("a clock runs at a speed from 0, frozen, to %d", worldclock.MaxSpeed)
	}
	return nil
}

// apply changes the rate first, so that a clock that is set and frozen shows
// exactly what it was set to.
func (c clockChange) apply(clock *worldclock.Clock) error {
	before := clock.State().Speed
	switch {
	case c.Reset:
		clock.Reset()
	case c.Freeze:
		clock.Freeze()
	case c.Speed != nil:
		if err := clock.Run(*c.Speed); err != nil {
			return err
		}
	}
	var err error
	switch {
	case c.Set != nil:
		err = clock.Set(*c.Set)
	case c.Move != nil:
		err = clock.Move(time.Duration(*c.Move))
	}
	if err != nil {
		return errors.Join(err, clock.Run(before))
	}
	return nil
}

// settings are what holds for every call.
type settings struct {
	Latency         map[origin.Origin]duration `json:"latency"`
	AccessTokenLife duration                   `json:"accessTokenLife"`
	Delays          delays                     `json:"delays"`
}

// delays are how long asynchronous things take by the world's clock.
type delays struct {
	Relationship     duration `json:"relationship"`
	AccessAssignment duration `json:"accessAssignment"`
	RoleAssignment   duration `json:"roleAssignment"`
	Principal        duration `json:"principal"`
}

func (h *Handler) settingsView() settings {
	d := h.Cloud.World().Delays()
	view := settings{
		Latency:         make(map[origin.Origin]duration),
		AccessTokenLife: duration(h.Cloud.TokenLife()),
		Delays:          delays{duration(d.Relationship), duration(d.AccessAssignment), duration(d.RoleAssignment), duration(d.Principal)},
	}
	for _, at := range origin.All() {
		view.Latency[at] = duration(h.Cloud.Latency(at))
	}
	return view
}

func (h *Handler) settings(*http.Request) (any, error) { return h.settingsView(), nil }

// settingsChange names what is to be changed; what it leaves out stays.
type settingsChange struct {
	Latency         map[origin.Origin]duration `json:"latency"`
	AccessTokenLife *duration                  `json:"accessTokenLife"`
	Delays          *struct {
		Relationship     *duration `json:"relationship"`
		AccessAssignment *duration `json:"accessAssignment"`
		RoleAssignment   *duration `json:"roleAssignment"`
		Principal        *duration `json:"principal"`
	} `json:"delays"`
}

// The bounds of what can be asked for.
const (
	maxLatency  = time.Minute
	maxLife     = 24 * time.Hour
	maxDelay    = 365 * 24 * time.Hour
	minimumLife = time.Second
)

func (h *Handler) changeSettings(r *http.Request) (any, error) {
	var c settingsChange
	if err := read(r, &c); err != nil {
		return nil, err
	}
	for at, d := range c.Latency {
		if at.Title() == "" {
			return nil, bad("there is no origin %q: want one of %v", wire.Clip(string(at)), origin.All())
		}
		if d < 0 || time.Duration(d) > maxLatency {
			return nil, bad("a latency is from 0 to %v", maxLatency)
		}
	}
	if c.AccessTokenLife != nil && (time.Duration(*c.AccessTokenLife) < minimumLife || time.Duration(*c.AccessTokenLife) > maxLife) {
		return nil, bad("access tokens live from %v to %v", minimumLife, maxLife)
	}
	next, err := c.delays(h.Cloud.World().Delays())
	if err != nil {
		return nil, err
	}
	for at, d := range c.Latency {
		h.Cloud.SetLatency(at, time.Duration(d))
	}
	if c.AccessTokenLife != nil {
		h.Cloud.SetTokenLife(time.Duration(*c.AccessTokenLife))
	}
	h.Cloud.World().SetDelays(next)
	return h.settingsView(), nil
}

// delays is what the delays become.
func (c settingsChange) delays(are world.Delays) (world.Delays, error) {
	if c.Delays == nil {
		return are, nil
	}
	for _, change := range []struct {
		to  *duration
		put *time.Duration
	}{
		{c.Delays.Relationship, &are.Relationship},
		{c.Delays.AccessAssignment, &are.AccessAssignment},
		{c.Delays.RoleAssignment, &are.RoleAssignment},
		{c.Delays.Principal, &are.Principal},
	} {
		if change.to == nil {
			continue
		}
		if *change.to < 0 || time.Duration(*change.to) > maxDelay {
			return are, bad("a delay is from 0 to a year")
		}
		*change.put = time.Duration(*change.to)
	}
	return are, nil
}

// number reads a query parameter that is a whole number from 0.
func number(r *http.Request, name string, otherwise int64) (int64, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, bad("%s=%q is no whole number from 0", name, wire.Clip(text))
	}
	return n, nil
}
