//! Writes the crate's messages and stubs from the protobuf files at the repository's root: `cargo xtask generate`.
//! With `--check` it only says whether what is checked in is up to date. No protoc is needed.

mod documented_json;

use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context, Result, bail};
use prost_types::FileDescriptorSet;

const SERVICES: [&str; 10] = [
    "workflowgraph/v1/audit_service.proto",
    "workflowgraph/v1/gate_service.proto",
    "workflowgraph/v1/job_service.proto",
    "workflowgraph/v1/log_service.proto",
    "workflowgraph/v1/pause_service.proto",
    "workflowgraph/v1/run_service.proto",
    "workflowgraph/v1/session_service.proto",
    "workflowgraph/v1/variable_service.proto",
    "workflowgraph/v1/worker_service.proto",
    "workflowgraph/v1/workflow_service.proto",
];
/// Options of the server (HTTP paths, field rules, policies): a client needs none of them.
const SERVER_ONLY: [&str; 1] = ["workflowgraph/v1/options.proto"];
const GENERATED_FILE: &str = "workflowgraph.v1.rs";

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["generate"] => write_generated(),
        ["generate", "--check"] => check_generated(),
        _ => bail!("usage: cargo xtask generate [--check]"),
    }
}

fn write_generated() -> Result<()> {
    let generated = generate()?;
    let path = generated_path();
    fs::write(&path, generated).with_context(|| format!("writing {}", path.display()))
}

fn check_generated() -> Result<()> {
    let path = generated_path();
    let present = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    if present != generate()? {
        bail!("{} differs from the protobuf files; run `cargo xtask generate`", path.display());
    }
    Ok(())
}

fn generate() -> Result<String> {
    let out_dir = tempfile::tempdir()?;
    let files = client_files()?;
    let builder = tonic_prost_build::configure()
        .build_server(false)
        .build_transport(false)
        .emit_rerun_if_changed(false)
        .out_dir(out_dir.path());
    documented_json::derive(builder, &files).compile_fds(files)?;
    Ok(fs::read_to_string(out_dir.path().join(GENERATED_FILE))?)
}

/// The files that a client needs, with their comments.
fn client_files() -> Result<FileDescriptorSet> {
    let root = repository_root();
    let mut compiler = protox::Compiler::new([root.join("proto"), root.join("third_party")])?;
    compiler.include_imports(true).include_source_info(true).open_files(SERVICES)?;
    let mut files = compiler.file_descriptor_set();
    files.file.retain(|file| {
        let needed = ["workflowgraph.v1", "google.protobuf"].contains(&file.package());
        needed && !SERVER_ONLY.contains(&file.name())
    });
    Ok(files)
}

fn repository_root() -> PathBuf {
    workspace().join("../..")
}

fn generated_path() -> PathBuf {
    workspace().join("worker-sdk/src/generated").join(GENERATED_FILE)
}

fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
