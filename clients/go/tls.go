package workflowgraph

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
)

// TrustFile makes the TLS of a WorkerConfig or ClientConfig for a server whose certificate is vouched for by an authority of
// your own: only those in the file, in PEM form, are trusted.
func TrustFile(file string) (*tls.Config, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("workflowgraph: certificates: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("workflowgraph: certificates: %s holds none in PEM form", file)
	}
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, nil
}
