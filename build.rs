//! Puts what a browser loads into the server's binary: the stylesheet, `public/` and the islands' wasm, each named by
//! its content, so that it may be cached for ever, and each compressed once here instead of at every request.

use sha2::{Digest, Sha256};
use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

/// What a file is called in the code (`style.css`), what it is called on the wire (`style-1a2b….css`), and its bytes.
struct Asset {
    name: String,
    file: String,
    bytes: Vec<u8>,
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    // The browser's build carries no assets: it is one.
    if env::var_os("CARGO_FEATURE_SSR").is_none() {
        return Ok(());
    }
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);

    let (style, public) = (root.join("style"), root.join("public"));
    // Cargo looks at everything below a folder.
    println!("cargo::rerun-if-changed={}", style.display());
    println!("cargo::rerun-if-changed={}", public.display());
    let mut assets = vec![stylesheet(&style)?];
    for path in files_under(&public)? {
        assets.push(named_by_content(slashed(path.strip_prefix(&public)?), fs::read(&path)?));
    }
    let package = wasm_package(&wasm_dir(&root)?, &mut assets)?;
    assets.sort_by(|a, b| a.file.cmp(&b.file));
    fs::write(out.join("assets.rs"), table(&assets, package.as_deref(), &out)?)?;
    Ok(())
}

/// `style/*.css` in the order of their names, as one file.
fn stylesheet(dir: &Path) -> Result<Asset, Box<dyn Error>> {
    let mut css = String::new();
    for path in files_under(dir)?.iter().filter(|path| path.extension().is_some_and(|ext| ext == "css")) {
        css.push_str(&fs::read_to_string(path)?);
        css.push('\n');
    }
    Ok(named_by_content("style.css".to_owned(), css.into_bytes()))
}

/// Where `wasm-bindgen --target web` left the islands: said by whoever ran it, or the place where `make` has it.
fn wasm_dir(root: &Path) -> Result<PathBuf, Box<dyn Error>> {
    println!("cargo::rerun-if-env-changed=HOOKWELL_WASM_PKG");
    println!("cargo::rerun-if-env-changed=CARGO_TARGET_DIR");
    let said = env::var_os("HOOKWELL_WASM_PKG").map(PathBuf::from);
    let target = || env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from).join("wasm-pkg");
    // A relative path means the same here as in the shell that started cargo in the checkout.
    Ok(root.join(said.unwrap_or_else(target)))
}

/// Adds the wasm, its JavaScript and what that imports. `None` where they were not built: the console then works
/// without islands, so that `cargo check` and `cargo test` need no more than a toolchain.
///
/// The script and the wasm share one hash, for Leptos derives both names from one (`<name>.js`, `<name>_bg.wasm`).
fn wasm_package(dir: &Path, assets: &mut Vec<Asset>) -> Result<Option<String>, Box<dyn Error>> {
    // Cargo takes a watched path that is missing for one that has always changed, and would build anew every time. So
    // the folder is made here, empty, and its first filling is noticed.
    fs::create_dir_all(dir)?;
    println!("cargo::rerun-if-changed={}", dir.display());
    let (script, wasm) = (dir.join("hookwell.js"), dir.join("hookwell_bg.wasm"));
    if !script.is_file() || !wasm.is_file() {
        return Ok(None);
    }
    let (script, wasm) = (fs::read_to_string(script)?, fs::read(wasm)?);
    let mut snippets = Vec::new();
    for path in files_under(&dir.join("snippets"))? {
        snippets.push((slashed(path.strip_prefix(dir)?), fs::read(path)?));
    }

    let mut hash = Sha256::new();
    hash.update(&script);
    hash.update(&wasm);
    snippets.iter().for_each(|(_, bytes)| hash.update(bytes));
    let hash = short(hash);
    let package = format!("hookwell-{hash}");

    // The folder moves as a whole, so that what snippets import of each other still resolves.
    let script = script.replace("'./snippets/", &format!("'./{hash}/snippets/")).replace("\"./snippets/", &format!("\"./{hash}/snippets/"));
    for (name, bytes) in snippets {
        assets.push(Asset { file: format!("{hash}/{name}"), name, bytes });
    }
    assets.push(Asset { name: "hookwell.js".into(), file: format!("{package}.js"), bytes: script.into_bytes() });
    assets.push(Asset { name: "hookwell_bg.wasm".into(), file: format!("{package}_bg.wasm"), bytes: wasm });
    Ok(Some(package))
}

/// Every file below `dir`, sorted; none if there is no such folder. Dot files are not meant for anybody.
fn files_under(dir: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut found = Vec::new();
    if dir.is_dir() {
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            match entry.file_type()?.is_dir() {
                true => found.extend(files_under(&entry.path())?),
                false => found.push(entry.path()),
            }
        }
    }
    found.sort();
    Ok(found)
}

fn slashed(path: &Path) -> String {
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// `icons/sprite.svg` → `icons/sprite-1a2b3c4d5e6f7a8b.svg`.
fn named_by_content(name: String, bytes: Vec<u8>) -> Asset {
    let mut hash = Sha256::new();
    hash.update(&bytes);
    let hash = short(hash);
    let file = match name.rsplit_once('.') {
        Some((stem, extension)) => format!("{stem}-{hash}.{extension}"),
        None => format!("{name}-{hash}"),
    };
    Asset { name, file, bytes }
}

/// 64 bits: enough to tell versions of a file apart, which is all that it does.
fn short(hash: Sha256) -> String {
    hex::encode(&hash.finalize()[..8])
}

/// The Rust source of the table, with the bytes beside it.
fn table(assets: &[Asset], package: Option<&str>, out: &Path) -> Result<String, Box<dyn Error>> {
    let mut source = format!("const PACKAGE: Option<&str> = {package:?};\nstatic ASSETS: &[Asset] = &[\n");
    for (index, Asset { name, file, bytes }) in assets.iter().enumerate() {
        let content_type = content_type(name);
        // A variant is kept only where it saves bytes.
        let smaller = |packed: Vec<u8>| Some(packed).filter(|packed| packed.len() < bytes.len());
        let (brotli, gzip) = match is_compressible(content_type) {
            true => (smaller(brotli(bytes)?), smaller(gzip(bytes)?)),
            false => (None, None),
        };
        let include = |suffix: &str, bytes: &[u8]| -> Result<String, Box<dyn Error>> {
            let path = out.join(format!("asset-{index}{suffix}"));
            fs::write(&path, bytes)?;
            Ok(format!("include_bytes!({:?})", path.to_str().ok_or("OUT_DIR is not UTF-8")?))
        };
        let identity = include("", bytes)?;
        let brotli = brotli.map(|bytes| include(".br", &bytes)).transpose()?;
        let gzip = gzip.map(|bytes| include(".gz", &bytes)).transpose()?;
        let option = |included: Option<String>| included.map_or_else(|| "None".to_owned(), |text| format!("Some({text})"));
        writeln!(
            source,
            "Asset {{ name: {name:?}, url: {:?}, content_type: {content_type:?}, identity: {identity}, brotli: {}, gzip: {} }},",
            format!("/assets/{file}"),
            option(brotli),
            option(gzip),
        )?;
    }
    source.push_str("];\n");
    Ok(source)
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("css") => "text/css; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("html") => "text/html; charset=utf-8",
        Some("txt") => "text/plain; charset=utf-8",
        Some("json") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("ico") => "image/x-icon",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("webp") => "image/webp",
        Some("avif") => "image/avif",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

fn is_compressible(content_type: &str) -> bool {
    let already = matches!(content_type, "image/png" | "image/jpeg" | "image/webp" | "image/avif" | "font/woff2");
    !already && content_type != "application/octet-stream"
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

/// As small as it goes in a release; in a development build the seconds matter more than the bytes.
fn brotli(bytes: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let quality = if env::var("PROFILE")? == "release" { 11 } else { 5 };
    let parameters = brotli::enc::BrotliEncoderParams { quality, lgwin: 22, size_hint: bytes.len(), ..Default::default() };
    let mut packed = Vec::new();
    brotli::BrotliCompress(&mut &bytes[..], &mut packed, &parameters)?;
    Ok(packed)
}
