package entra

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"latchkey/csp"
	"latchkey/emulator/world"
)

const (
	deviceLife = 15 * time.Minute
	// deviceInterval is how often a client may ask whether the person has come.
	deviceInterval = 5 * time.Second
	// userCodeLength and its letters make codes that people can copy by hand.
	userCodeLength  = 9
	userCodeLetters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
)

// deviceState is how far a device's request has come.
type deviceState uint8

const (
	waiting deviceState = iota
	allowed
	declined
	redeemed
)

// deviceRequest is a client without a browser that waits for a person with one.
type deviceRequest struct {
	code, userCode string
	client         world.ClientID
	at             authority
	demand         demand
	until          time.Time
	state          deviceState
	session        session
	into           csp.TenantID
	asked          time.Time // when the client last asked
}

// devices are the requests that wait.
type devices struct {
	now func() time.Time

	mu     sync.Mutex
	byCode map[string]*deviceRequest
	byUser map[string]*deviceRequest
}

func newDevices(now func() time.Time) *devices {
	return &devices{now: now, byCode: make(map[string]*deviceRequest), byUser: make(map[string]*deviceRequest)}
}

// begin keeps the request under two codes: one for the client, one for the person.
func (d *devices) begin(r deviceRequest) deviceRequest {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.now()
	for code, old := range d.byCode {
		if now.After(old.until.Add(deviceLife)) { // till then it is said to have expired
			delete(d.byCode, code)
			delete(d.byUser, old.userCode)
		}
	}
	r.code, r.until = rand.Text(), now.Add(deviceLife)
	for r.userCode == "" || d.byUser[r.userCode] != nil {
		r.userCode = newUserCode()
	}
	kept := r
	d.byCode[r.code], d.byUser[r.userCode] = &kept, &kept
	return r
}

func newUserCode() string {
	raw := make([]byte, userCodeLength)
	_, _ = rand.Read(raw) // never fails
	for i, b := range raw {
		raw[i] = userCodeLetters[int(b)%len(userCodeLetters)]
	}
	return string(raw)
}

// forPerson finds the request that waits under a person's code.
func (d *devices) forPerson(userCode string) (deviceRequest, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := d.byUser[strings.ToUpper(strings.TrimSpace(userCode))]
	if r == nil || r.state != waiting || !d.now().Before(r.until) {
		return deviceRequest{}, false
	}
	return *r, true
}

// settle ends the person's part. It says whether the request still waited.
func (d *devices) settle(userCode string, state deviceState, s session, into csp.TenantID) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := d.byUser[userCode]
	if r == nil || r.state != waiting || !d.now().Before(r.until) {
		return false
	}
	r.state, r.session, r.into = state, s, into
	return true
}

// ask is the client's question whether the person has come. A client that asks
// sooner than it was told to is told to slow down; a clock that stands still
// hurries nobody.
func (d *devices) ask(code string, client world.ClientID) (deviceRequest, *problem) {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := d.byCode[code]
	if r == nil || r.client != client || r.state == redeemed {
		return deviceRequest{}, refuse("bad_verification_code", 70018, "The verification code is not valid, or was used before.")
	}
	now := d.now()
	since := now.Sub(r.asked)
	r.asked = now
	switch {
	case r.state == declined:
		return deviceRequest{}, refuse("authorization_declined", 70017, "The user declined the request.")
	case !now.Before(r.until):
		return deviceRequest{}, refuse("expired_token", 70020, "The provided value for the input parameter 'device_code' is not valid. This device code has expired.")
	case r.state == waiting && since > 0 && since < deviceInterval-time.Second:
		return deviceRequest{}, refuse("slow_down", 70016, "OAuth 2.0 device flow error. The client polls faster than every %s.", deviceInterval)
	case r.state == waiting:
		return deviceRequest{}, refuse("authorization_pending", 70016, "OAuth 2.0 device flow error. Authorization is pending. Continue polling.")
	}
	r.state = redeemed
	return *r, nil
}

type deviceAnswer struct {
	UserCode        string `json:"user_code"`
	DeviceCode      string `json:"device_code"`
	VerificationURI string `json:"verification_uri,omitempty"`
	VerificationURL string `json:"verification_url,omitempty"` // version 1.0
	ExpiresIn       any    `json:"expires_in"`
	Interval        any    `json:"interval"`
	Message         string `json:"message"`
}

// deviceCode begins the device flow.
func (h *Handler) deviceCode(w http.ResponseWriter, r *http.Request, at authority) {
	got, p := h.beginDevice(w, r, at)
	if p != nil {
		h.fail(w, r, *p)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, got)
}

func (h *Handler) beginDevice(w http.ResponseWriter, r *http.Request, at authority) (*deviceAnswer, *problem) {
	// Version 1.0 clients send the parameters in the query.
	if r.Method == http.MethodGet {
		r.PostForm = r.URL.Query()
	} else if p := readForm(w, r); p != nil {
		return nil, p
	}
	if r.PostForm.Get("client_id") == "" {
		return nil, missing("client_id")
	}
	app, p := h.app(r.PostForm.Get("client_id"))
	if p != nil {
		return nil, p
	}
	if p := sharedUse(at, app); p != nil {
		return nil, p
	}
	d, p := h.demanded(r.PostForm)
	if p != nil {
		return nil, p
	}
	kept := h.devices.begin(deviceRequest{client: app.ID, at: at, demand: d})
	page := h.pageOrigin(r) + "/common/oauth2/deviceauth"
	a := &deviceAnswer{
		UserCode: kept.userCode, DeviceCode: kept.code, VerificationURI: page,
		ExpiresIn: int(deviceLife.Seconds()), Interval: int(deviceInterval.Seconds()),
		Message: "To sign in, use a web browser to open the page " + page + " and enter the code " + kept.userCode + " to authenticate.",
	}
	if !strings.Contains(lower(r.URL.Path), "/v2.0/") {
		a.VerificationURI, a.VerificationURL = "", page
		a.ExpiresIn, a.Interval = fmt.Sprint(a.ExpiresIn), fmt.Sprint(a.Interval)
	}
	return a, nil
}

// redeemDevice gives the client its tokens once the person has come.
func (h *Handler) redeemDevice(q *redemption) (*answer, *problem) {
	code := q.form.Get("device_code")
	if code == "" {
		code = q.form.Get("code") // as version 1.0 clients call it
	}
	if code == "" {
		return nil, missing("device_code")
	}
	kept, p := h.devices.ask(code, q.client.ID)
	if p != nil {
		return nil, p
	}
	d := &q.demand
	cp1 := d.cp1 || kept.demand.cp1
	*d = kept.demand
	d.cp1 = cp1
	d.offline = d.offline || q.old
	return h.tokensFor(q, speaking{session: kept.session, into: kept.into})
}

// deviceAuth is the page on which a person enters the code and signs in for a
// device. The code then stays in the address, as an authorization request does.
func (h *Handler) deviceAuth(w http.ResponseWriter, r *http.Request, _ authority) {
	code := r.URL.Query().Get("otc")
	if code == "" {
		h.pages.showDevice(w, "")
		return
	}
	kept, ok := h.devices.forPerson(code)
	if !ok {
		h.pages.showDevice(w, "That code did not work. Check the code and try again.")
		return
	}
	app, ok := h.World.App(kept.client)
	if !ok {
		h.pages.showDevice(w, "The application that asked for this code is gone.")
		return
	}
	h.converse(w, r, ask{at: kept.at, app: app, purpose: forDevice, userCode: kept.userCode, demand: kept.demand, maxAge: -1})
}
