package conversation

import (
	"net/http"

	"latchkey/emulator/entra/internal/address"
	"latchkey/emulator/entra/internal/ask"
)

// DeviceAuth is the page on which a person enters the code and signs in for a
// device. The code then stays in the address, as an authorization request does.
func (h *Handler) DeviceAuth(w http.ResponseWriter, r *http.Request, _ address.Authority) {
	code := r.URL.Query().Get("otc")
	if code == "" {
		h.Pages.ShowDevice(w, "")
		return
	}
	kept, ok := h.Devices.ForPerson(code)
	if !ok {
		h.Pages.ShowDevice(w, "That code did not work. Check the code and try again.")
		return
	}
	app, ok := h.World.App(kept.Client)
	if !ok {
		h.Pages.ShowDevice(w, "The application that asked for this code is gone.")
		return
	}
	h.converse(w, r, ask.Ask{At: kept.At, App: app, Purpose: ask.ForDevice, UserCode: kept.UserCode, Demand: kept.Demand, MaxAge: -1})
}
