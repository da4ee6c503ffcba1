package signin

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"

	"golang.org/x/oauth2"

	"latchkey/internal/fault"
)

// entraCode finds the number Entra puts in front of its descriptions; the rest
// of a description may name people and tenants and is not shown.
var entraCode = regexp.MustCompile(`AADSTS[0-9]{4,9}`)

// declined says in plain words why the sign-in page sent the person back without
// a code.
func declined(code, description string) error {
	const op = "signin.declined"
	number := entraCode.FindString(description)
	cause := fmt.Errorf("the authority answered %.40q %s", code, number)
	switch {
	case number == "AADSTS50105":
		return fault.Wrap(op, fault.Denied, cause, "Your organization lets only assigned people sign in to Latchkey, and you are not one of them. Ask its administrator to assign you to the application.")
	case number == "AADSTS700016", number == "AADSTS65001", number == "AADSTS90094", code == "consent_required":
		return fault.Wrap(op, fault.Denied, cause, "Your organization has not allowed Latchkey's sign-in yet. Ask its administrator to consent to the application, then try again.")
	case number == "AADSTS65004", code == "access_denied":
		return fault.Wrap(op, fault.Unauthenticated, cause, "You stopped at the sign-in page, so you are not signed in. Nothing was changed.")
	case code == "temporarily_unavailable", code == "server_error":
		return fault.Wrap(op, fault.Unavailable, cause, "The organization's sign-in service is having trouble. Please try again in a minute.")
	}
	sentence := "Your organization's sign-in page refused the sign-in. Nothing was changed."
	if number != "" {
		sentence += " Its administrator can look up the code " + number + "."
	}
	return fault.Wrap(op, fault.Upstream, cause, sentence)
}

// exchangeFailed says why the code could not be redeemed.
func exchangeFailed(err error) error {
	const op = "signin.exchange"
	answer, ok := errors.AsType[*oauth2.RetrieveError](err)
	switch {
	case !ok || answer.Response == nil || answer.Response.StatusCode >= http.StatusInternalServerError || answer.Response.StatusCode == http.StatusTooManyRequests:
		return fault.Wrap(op, fault.Unavailable, err, "The organization's sign-in service cannot be reached. Please try again in a minute.")
	case answer.ErrorCode == "invalid_client", answer.ErrorCode == "unauthorized_client":
		return fault.Wrap(op, fault.Upstream, err, "The organization's sign-in service does not accept this portal's own credential. Tell the operator of this portal.")
	}
	return fault.Wrap(op, fault.Unauthenticated, err, "This sign-in was already used, or took too long. Please sign in again.")
}
