package demo

import (
	_ "embed"
	"strings"
	"text/template"

	"latchkey/csp"
)

// AppSecret is the client secret of the portal's application in the made-up
// world. It opens nothing anywhere else.
const AppSecret = "the-demo-portal's-own-secret"

//go:embed settings.yaml
var settingsText string

// Settings are what the demo's configuration file is filled with.
type Settings struct {
	Listen, BaseURL       string
	Database, Secret      string // file paths
	Checkpoints, CA       string
	Authority, ARM, Relay string
}

// settingsView adds the made-up world's ids for the template.
type settingsView struct {
	Settings
	Instance, App, Alder, Brightwater, Kestrel string
	BrightwaterProduction, KestrelDepots       string
	James, JamesBrightwater, JamesKestrel      csp.ObjectID
	Olga                                       csp.ObjectID
}

// File writes the demo's configuration: a whole latchkey.yaml, such as a real
// installation has. The client secret is not in it; it comes from the environment.
func (s Settings) File() (string, error) {
	page, err := template.New("settings").Option("missingkey=error").Parse(settingsText)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	err = page.Execute(&text, settingsView{
		Settings: s, Instance: instanceID.String(), App: portalApp.String(),
		Alder: alder.String(), Brightwater: brightwater.String(), Kestrel: kestrel.String(),
		BrightwaterProduction: brightwaterProduction.String(), KestrelDepots: kestrelDepots.String(),
		James: james, JamesBrightwater: jamesBrightwater, JamesKestrel: jamesKestrel, Olga: olga,
	})
	return text.String(), err
}
