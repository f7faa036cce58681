use std::path::Path;

use hyper_util::client::legacy::connect::HttpConnector;

use crate::error::Error;

/// Opens connections to a server: with TLS for `https://`, where the crate's `tls` feature is on.
#[cfg(feature = "tls")]
pub(crate) type Connector = hyper_rustls::HttpsConnector<HttpConnector>;
/// Opens connections to a server.
#[cfg(not(feature = "tls"))]
pub(crate) type Connector = HttpConnector;

/// Which version of HTTP the connections are for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum HttpVersion {
    One,
    Two,
}

/// `ca_file`: certificates to trust instead of the system's.
#[cfg(feature = "tls")]
pub(crate) fn connector(
    server_url: &http::Uri,
    version: HttpVersion,
    ca_file: Option<&Path>,
) -> Result<Connector, Error> {
    use hyper_rustls::{ConfigBuilderExt, HttpsConnectorBuilder};

    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::InvalidConfig(format!("TLS: {error}")))?;
    let tls = if let Some(ca_file) = ca_file {
        tls.with_root_certificates(roots_in(ca_file)?)
    } else if server_url.scheme_str() == Some("https") {
        tls.with_native_roots()
            .map_err(|error| Error::InvalidConfig(format!("the system's root certificates: {error}")))?
    } else {
        tls.with_root_certificates(rustls::RootCertStore::empty())
    };
    let builder = HttpsConnectorBuilder::new().with_tls_config(tls.with_no_client_auth()).https_or_http();
    Ok(match version {
        HttpVersion::One => builder.enable_http1().wrap_connector(plain_connector()),
        HttpVersion::Two => builder.enable_http2().wrap_connector(plain_connector()),
    })
}

#[cfg(feature = "tls")]
fn roots_in(ca_file: &Path) -> Result<rustls::RootCertStore, Error> {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;

    let problem =
        |text: &dyn std::fmt::Display| Error::InvalidConfig(format!("ca_file: {}: {text}", ca_file.display()));
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(ca_file).map_err(|error| problem(&error))? {
        roots.add(certificate.map_err(|error| problem(&error))?).map_err(|error| problem(&error))?;
    }
    if roots.is_empty() { Err(problem(&"it holds no certificate (PEM)")) } else { Ok(roots) }
}

#[cfg(not(feature = "tls"))]
pub(crate) fn connector(
    server_url: &http::Uri,
    _version: HttpVersion,
    _ca_file: Option<&Path>,
) -> Result<Connector, Error> {
    if server_url.scheme_str() == Some("https") {
        let text = "server_url: https needs the `tls` feature of workflow-graph-worker-sdk";
        return Err(Error::InvalidConfig(text.into()));
    }
    Ok(plain_connector())
}

fn plain_connector() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(std::time::Duration::from_secs(10)));
    connector
}
