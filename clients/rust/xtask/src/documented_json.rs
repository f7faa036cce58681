//! Lets serde write a claim as the JSON of the documented paths, so that one reader serves both transports. What differs from
//! what serde would write by itself follows from the types of the fields, so no field is named here.

use std::collections::{BTreeSet, HashMap};

use prost_types::field_descriptor_proto::Type;
use prost_types::{DescriptorProto, FileDescriptorSet};
use tonic_prost_build::Builder;

const PACKAGE: &str = ".workflowgraph.v1";
/// The message that the worker reads, with all messages in it.
const ROOT: &str = ".workflowgraph.v1.Claim";
/// Messages that the paths write in a shape of their own: as their only field, as their only alternative, as they are.
const INLINE: &str = ".workflowgraph.v1.Outputs";
const TAGGED: &str = ".workflowgraph.v1.Backoff";
const OBJECT: &str = ".google.protobuf.Struct";

/// Adds the attributes.
pub fn derive(mut builder: Builder, files: &FileDescriptorSet) -> Builder {
    let mut messages = HashMap::new();
    for file in files.file.iter().filter(|file| PACKAGE.ends_with(file.package())) {
        collect(PACKAGE, &file.message_type, &mut messages);
    }
    let mut seen = BTreeSet::new();
    let mut open = vec![ROOT.to_string()];
    while let Some(path) = open.pop() {
        let Some(message) = messages.get(&path) else { continue };
        if !seen.insert(path.clone()) {
            continue;
        }
        // An attribute of a message is one of its inner messages too.
        if path.matches('.').count() == ROOT.matches('.').count() {
            let shape = if path == INLINE { " #[serde(transparent)]" } else { "" };
            builder = builder.message_attribute(&path, format!("#[derive(serde::Serialize)]{shape}"));
        }
        for oneof in message.oneof_decl.iter().filter(|oneof| !oneof.name().starts_with('_')) {
            builder = builder.enum_attribute(format!("{path}.{}", oneof.name()), "#[derive(serde::Serialize)]");
        }
        for field in &message.field {
            let writer = match field.type_name() {
                OBJECT => Some("object".to_string()),
                TAGGED => Some("tagged".to_string()),
                name if field.r#type() == Type::Enum => {
                    if seen.insert(name.to_string()) {
                        let words = "#[derive(serde::Serialize)] #[serde(rename_all = \"snake_case\")]";
                        builder = builder.enum_attribute(name, words);
                    }
                    Some(format!("word::<_, {}>", name.rsplit('.').next().unwrap_or(name)))
                }
                _ => None,
            };
            if let Some(writer) = writer {
                let attribute = format!("#[serde(serialize_with = \"crate::wire::documented_json::{writer}\")]");
                builder = builder.field_attribute(format!("{path}.{}", field.name()), attribute);
            }
            open.push(field.type_name().to_string());
        }
    }
    builder
}

fn collect<'a>(scope: &str, from: &'a [DescriptorProto], into: &mut HashMap<String, &'a DescriptorProto>) {
    for message in from {
        let path = format!("{scope}.{}", message.name());
        collect(&path, &message.nested_type, into);
        into.insert(path, message);
    }
}
