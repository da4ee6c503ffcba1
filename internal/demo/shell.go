package demo

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"latchkey/csp"
)

// Shell is an engineer's own command line: it signs him in with his own account
// in the browser and calls Azure with his own token. Latchkey has no part in it;
// that is the point.
type Shell struct {
	Browser *Visitor
	Account string       // the account he picks when asked
	Client  *http.Client // trusts the emulator's certificate authority
	// Where sign-in pages, tokens and Azure answer.
	Pages, Login, ARM string
}

// Answer is what Azure said.
type Answer struct {
	Status int
	Code   string // the error's code, empty when it was done
	Text   string
}

// said is the answer in a line.
func (a Answer) said() string {
	if a.Code == "" {
		return "Azure did it."
	}
	return a.Code + ": " + a.Text
}

// mostAnswerBytes bounds what is read of an answer.
const mostAnswerBytes = 1 << 20

// Token signs the engineer in to the tenant and gets a token for Azure, by
// authorization code and PKCE as a real command line does.
func (s *Shell) Token(ctx context.Context, tenant csp.TenantID) (string, error) {
	verifier := rand.Text() + rand.Text()
	challenge := sha256.Sum256([]byte(verifier))
	query := url.Values{
		"client_id": {shellApp.String()}, "response_type": {"code"}, "redirect_uri": {shellRedirect},
		"scope": {"https://management.azure.com/.default openid"}, "state": {rand.Text()},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}
	s.Browser.stopAt = shellRedirect
	defer func() { s.Browser.stopAt = "" }()
	page, err := s.Browser.Open(ctx, s.Pages+"/"+tenant.String()+"/oauth2/v2.0/authorize?"+query.Encode())
	if err != nil {
		return "", err
	}
	if page, err = SignIn(ctx, s.Browser, page, s.Account); err != nil {
		return "", err
	}
	code := page.URL.Query().Get("code")
	if code == "" {
		return "", fmt.Errorf("the command line got no code: %s %s", page.URL.Query().Get("error"), page.URL.Query().Get("error_description"))
	}
	return s.redeem(ctx, tenant, code, verifier)
}

func (s *Shell) redeem(ctx context.Context, tenant csp.TenantID, code, verifier string) (string, error) {
	return s.token(ctx, tenant, url.Values{
		"client_id": {shellApp.String()}, "grant_type": {"authorization_code"}, "code": {code},
		"redirect_uri": {shellRedirect}, "code_verifier": {verifier}, "scope": {"https://management.azure.com/.default openid"},
	})
}

func (s *Shell) token(ctx context.Context, tenant csp.TenantID, form url.Values) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Login+"/"+tenant.String()+"/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var answer struct {
		Token       string `json:"access_token"`
		Description string `json:"error_description"`
	}
	if _, err := s.call(request, &answer); err != nil {
		return "", err
	}
	if answer.Token == "" {
		return "", fmt.Errorf("the command line got no token: %s", answer.Description)
	}
	return answer.Token, nil
}

// AppToken gets a token as the portal's own application, for who has its secret.
func (s *Shell) AppToken(ctx context.Context, tenant csp.TenantID) (string, error) {
	return s.token(ctx, tenant, url.Values{
		"client_id": {portalApp.String()}, "client_secret": {AppSecret},
		"grant_type": {"client_credentials"}, "scope": {"https://management.azure.com/.default"},
	})
}

// Restart asks Azure to restart a virtual machine.
func (s *Shell) Restart(ctx context.Context, tenant csp.TenantID, machine csp.Scope) (Answer, error) {
	return s.act(ctx, tenant, machine, "restart")
}

// RunCommand asks Azure to run a command on a virtual machine.
func (s *Shell) RunCommand(ctx context.Context, tenant csp.TenantID, machine csp.Scope) (Answer, error) {
	return s.act(ctx, tenant, machine, "runCommand")
}

func (s *Shell) act(ctx context.Context, tenant csp.TenantID, machine csp.Scope, action string) (Answer, error) {
	token, err := s.Token(ctx, tenant)
	if err != nil {
		return Answer{}, err
	}
	return s.Post(ctx, token, machine.String()+"/"+action+"?api-version=2024-07-01", `{"commandId":"RunShellScript","script":["uptime"]}`, http.MethodPost)
}

// Post sends one call to Azure with a token.
func (s *Shell) Post(ctx context.Context, token, path, body, method string) (Answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, s.ARM+path, strings.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	var refusal struct {
		Error struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	status, err := s.call(request, &refusal)
	return Answer{Status: status, Code: refusal.Error.Code, Text: refusal.Error.Message}, err
}

// call sends the request and reads a JSON answer, if there is one.
func (s *Shell) call(request *http.Request, into any) (status int, err error) {
	response, err := s.Client.Do(request)
	if err != nil {
		return 0, fmt.Errorf("the command line calling %s: %w", request.URL.Host, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, mostAnswerBytes))
	if err != nil {
		return response.StatusCode, err
	}
	if len(body) > 0 {
		if err := json.Unmarshal(body, into); err != nil {
			return response.StatusCode, fmt.Errorf("the command line cannot read the answer: %w", err)
		}
	}
	return response.StatusCode, nil
}
