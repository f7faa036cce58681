package workflowgraph

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// serverAddress is the address of a server and the caller's credentials.
type serverAddress struct {
	// url has no slash at its end, and neither a user nor a password: it is logged.
	url *url.URL
	// authorization is the header of each call; empty without one.
	authorization string
	// secrets are its parts that jobs and logs must not contain.
	secrets []string
}

// parseServerURL takes the token before the URL's own user and password.
func parseServerURL(text, token string) (serverAddress, error) {
	if text == "" {
		text = DefaultServerURL
	}
	parsed, err := url.Parse(strings.TrimRight(text, "/"))
	if err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Host == "" {
		message := fmt.Sprintf("%q is not a server's: write it as http://host:port or https://host", withoutUser(text))
		return serverAddress{}, &ConfigError{"ServerURL", message}
	}
	address := serverAddress{url: &url.URL{Scheme: parsed.Scheme, Host: parsed.Host, Path: parsed.Path}}
	password, _ := parsed.User.Password()
	switch {
	case token != "":
		address.authorization = "Bearer " + token
	case parsed.User != nil:
		pair := parsed.User.Username() + ":" + password
		address.authorization = "Basic " + base64.StdEncoding.EncodeToString([]byte(pair))
	}
	for _, secret := range []string{token, password} {
		if secret != "" {
			address.secrets = append(address.secrets, secret)
		}
	}
	return address, nil
}

var userInURL = regexp.MustCompile(`//.*@`)

// withoutUser hides the user and password of what may be no URL at all.
func withoutUser(text string) string { return userInURL.ReplaceAllString(text, "//***@") }
