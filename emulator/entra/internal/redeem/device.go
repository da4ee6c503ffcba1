package redeem

import (
	"fmt"
	"net/http"
	"strings"

	"latchkey/emulator/entra/internal/aadsts"
	"latchkey/emulator/entra/internal/address"
	"latchkey/emulator/entra/internal/device"
	"latchkey/emulator/entra/internal/gate"
	"latchkey/emulator/entra/internal/session"
	"latchkey/emulator/wire"
)

type deviceAnswer struct {
	UserCode        string `json:"user_code"`
	DeviceCode      string `json:"device_code"`
	VerificationURI string `json:"verification_uri,omitempty"`
	VerificationURL string `json:"verification_url,omitempty"` // version 1.0
	ExpiresIn       any    `json:"expires_in"`
	Interval        any    `json:"interval"`
	Message         string `json:"message"`
}

// DeviceCode begins the device flow.
func (h *Endpoint) DeviceCode(w http.ResponseWriter, r *http.Request, at address.Authority) {
	got, p := h.beginDevice(w, r, at)
	if p != nil {
		aadsts.Write(w, h.World.Now(), aadsts.Correlation(r), *p)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	wire.JSON(w, http.StatusOK, got)
}

func (h *Endpoint) beginDevice(w http.ResponseWriter, r *http.Request, at address.Authority) (*deviceAnswer, *aadsts.Problem) {
	// Version 1.0 clients send the parameters in the query.
	if r.Method == http.MethodGet {
		r.PostForm = r.URL.Query()
	} else if p := readForm(w, r); p != nil {
		return nil, p
	}
	if r.PostForm.Get("client_id") == "" {
		return nil, aadsts.Missing("client_id")
	}
	app, p := gate.App(h.World, r.PostForm.Get("client_id"))
	if p != nil {
		return nil, p
	}
	if p := gate.SharedUse(at, app); p != nil {
		return nil, p
	}
	d, p := h.Demands.Form(r.PostForm)
	if p != nil {
		return nil, p
	}
	kept := h.Devices.Begin(device.Request{Client: app.ID, At: at, Demand: d})
	page := h.Hosts.PageOrigin(r) + "/common/oauth2/deviceauth"
	a := &deviceAnswer{
		UserCode: kept.UserCode, DeviceCode: kept.Code, VerificationURI: page,
		ExpiresIn: int(device.Life.Seconds()), Interval: int(device.Interval.Seconds()),
		Message: "To sign in, use a web browser to open the page " + page + " and enter the code " + kept.UserCode + " to authenticate.",
	}
	if !strings.Contains(strings.ToLower(r.URL.Path), "/v2.0/") {
		a.VerificationURI, a.VerificationURL = "", page
		a.ExpiresIn, a.Interval = fmt.Sprint(a.ExpiresIn), fmt.Sprint(a.Interval)
	}
	return a, nil
}

// redeemDevice gives the client its tokens once the person has come.
func (h *Endpoint) redeemDevice(q *redemption) (*answer, *aadsts.Problem) {
	code := q.form.Get("device_code")
	if code == "" {
		code = q.form.Get("code") // as version 1.0 clients call it
	}
	if code == "" {
		return nil, aadsts.Missing("device_code")
	}
	kept, p := h.Devices.Ask(code, q.client.ID)
	if p != nil {
		return nil, p
	}
	d := &q.demand
	cp1 := d.CP1 || kept.Demand.CP1
	*d = kept.Demand
	d.CP1 = cp1
	d.Offline = d.Offline || q.old
	return h.tokensFor(q, session.Person{Session: kept.Session, Into: kept.Into})
}
