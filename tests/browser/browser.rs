//! A browser without a window, driven over its debugging protocol.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tungstenite::{Message, WebSocket};

/// The most time for one answer.
const LIMIT: Duration = Duration::from_secs(60);

/// The browser's program, if there is one.
pub fn find() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let names = [
        "chromium",
        "chromium-browser",
        "google-chrome",
        "chrome-headless-shell",
    ];
    let on_path = std::env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|file| file.is_file());
    named.filter(|file| file.is_file()).or(on_path)
}

/// The program of axe-core, which finds what people who do not see a page cannot use.
pub fn find_axe() -> Option<PathBuf> {
    let named = std::env::var_os("AXE").map(PathBuf::from);
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/axe-core/axe.min.js");
    let both = [named, Some(installed)].into_iter().flatten();
    both.into_iter().find(|file| file.is_file())
}

pub struct Browser {
    process: Child,
    socket: WebSocket<TcpStream>,
    page: String,
    session: String,
    number: u64,
    /// Errors that the page has thrown.
    errors: Vec<String>,
    /// Its folder, for as long as it runs.
    _profile: tempfile::TempDir,
}

type Answer<T> = Result<T, String>;

impl Browser {
    pub fn start(program: &Path, page: &Path) -> Answer<Browser> {
        let told = |error: std::io::Error| format!("{}: {error}", program.display());
        let profile = tempfile::tempdir().map_err(told)?;
        let mut process = Command::new(program)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
            ])
            .args(["--disable-dev-shm-usage", "--disable-background-networking"])
            .args(["--window-size=1400,900", "--remote-debugging-port=0"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(told)?;
        let stderr = process.stderr.take().ok_or("no standard error")?;
        let mut lines = BufReader::new(stderr).lines();
        let url = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| Some(line.strip_prefix("DevTools listening on ")?.to_owned()))
            .ok_or("the browser did not start")?;
        // It goes on writing there; somebody must read.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        let address = url
            .strip_prefix("ws://")
            .and_then(|rest| rest.split('/').next())
            .ok_or("no address to talk to")?;
        let stream = TcpStream::connect(address).map_err(|error| error.to_string())?;
        stream
            .set_read_timeout(Some(LIMIT))
            .map_err(|error| error.to_string())?;
        let (socket, _) = tungstenite::client(&url, stream).map_err(|error| error.to_string())?;
        let mut browser = Browser {
            process,
            socket,
            page: format!("file://{}", page.display()),
            session: String::new(),
            number: 0,
            errors: Vec::new(),
            _profile: profile,
        };
        let target = browser.call("Target.createTarget", &json!({ "url": "about:blank" }))?;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = browser.call("Target.attachToTarget", &attach)?;
        browser.session = attached["sessionId"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        browser.call("Runtime.enable", &json!({}))?;
        browser.call("Page.enable", &json!({}))?;
        Ok(browser)
    }

    /// Asks the browser for something, and waits for its answer.
    fn call(&mut self, method: &str, params: &Value) -> Answer<Value> {
        self.number += 1;
        let mut request = json!({ "id": self.number, "method": method, "params": params });
        if !self.session.is_empty() {
            request["sessionId"] = json!(self.session);
        }
        let text = request.to_string();
        self.socket
            .send(Message::text(text))
            .map_err(|error| format!("{method}: {error}"))?;
        loop {
            let message = self.receive()?;
            if message["id"] == json!(self.number) {
                return match message.get("error") {
                    Some(error) => Err(format!("{method}: {error}")),
                    None => Ok(message["result"].clone()),
                };
            }
        }
    }

    fn receive(&mut self) -> Answer<Value> {
        loop {
            let message = self.socket.read().map_err(|error| error.to_string())?;
            let Message::Text(text) = message else {
                continue;
            };
            let value: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
            if value["method"] == "Runtime.exceptionThrown" {
                self.errors.push(value["params"].to_string());
            }
            return Ok(value);
        }
    }

    /// Opens the page at an address within it, anew.
    pub fn open(&mut self, hash: &str) -> Answer<()> {
        let url = format!("{}{hash}", self.page);
        self.call("Page.navigate", &json!({ "url": "about:blank" }))?;
        self.call("Page.navigate", &json!({ "url": url }))?;
        for _ in 0..600 {
            let ready =
                "Number(document.readyState === 'complete' && location.protocol === 'file:')";
            if self.eval(ready)? == 1 {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err("the page was not loaded".to_owned())
    }

    fn value(&mut self, script: &str) -> Answer<Value> {
        let params = json!({ "expression": script, "returnByValue": true, "awaitPromise": true });
        let result = self.call("Runtime.evaluate", &params)?;
        match result.get("exceptionDetails") {
            Some(details) => Err(format!("{script:.200}: {details}")),
            None => Ok(result["result"]["value"].clone()),
        }
    }

    /// Runs a script that gives nothing of interest.
    pub fn run(&mut self, script: &str) -> Answer<()> {
        self.value(script).map(|_| ())
    }

    /// A number that a script gives.
    pub fn eval(&mut self, script: &str) -> Answer<i64> {
        let value = self.value(script)?;
        let number = value.as_i64().or_else(|| value.as_f64().map(|n| n as i64));
        number.ok_or_else(|| format!("{script} gives {value}"))
    }

    /// A string that a script gives.
    pub fn string(&mut self, script: &str) -> Answer<String> {
        let value = self.value(script)?;
        let text = value.as_str().map(str::to_owned);
        text.ok_or_else(|| format!("{script} gives {value}"))
    }

    /// How many elements a selector finds.
    pub fn count(&mut self, selector: &str) -> Answer<i64> {
        self.eval(&format!(
            "document.querySelectorAll({}).length",
            json!(selector)
        ))
    }

    /// The text of an element.
    pub fn text(&mut self, selector: &str) -> Answer<String> {
        self.string(&format!(
            "document.querySelector({}).textContent",
            json!(selector)
        ))
    }

    /// Presses a key.
    pub fn key(&mut self, key: &str) -> Answer<()> {
        let mut down = json!({ "type": "keyDown", "key": key });
        match key {
            "Enter" => {
                down["text"] = json!("\r");
                down["windowsVirtualKeyCode"] = json!(13);
            }
            "Escape" => down["windowsVirtualKeyCode"] = json!(27),
            key if key.starts_with("Arrow") => {}
            _ => down["text"] = json!(key),
        }
        self.call("Input.dispatchKeyEvent", &down)?;
        let up = json!({ "type": "keyUp", "key": key });
        self.call("Input.dispatchKeyEvent", &up)?;
        Ok(())
    }

    /// Types where the cursor is.
    pub fn type_text(&mut self, text: &str) -> Answer<()> {
        self.call("Input.insertText", &json!({ "text": text }))?;
        Ok(())
    }

    /// Where the first element that a selector finds is.
    fn place(&mut self, selector: &str) -> Answer<(f64, f64)> {
        let script = format!(
            "(() => {{ const e = document.querySelector({}); \
             e.scrollIntoView({{ block: 'center', inline: 'start', behavior: 'instant' }}); \
             const r = (e.querySelector('.at, .title') ?? e).getBoundingClientRect(); \
             return [r.x + Math.min(r.width / 2, 20), r.y + r.height / 2]; }})()",
            json!(selector)
        );
        let place = self.value(&script)?;
        match (place[0].as_f64(), place[1].as_f64()) {
            (Some(x), Some(y)) => Ok((x, y)),
            _ => Err(format!("{selector} is nowhere")),
        }
    }

    fn mouse(&mut self, kind: &str, (x, y): (f64, f64)) -> Answer<()> {
        let button = if kind == "mouseMoved" { "none" } else { "left" };
        let event = json!({ "type": kind, "x": x, "y": y, "button": button, "clickCount": 1 });
        self.call("Input.dispatchMouseEvent", &event)?;
        Ok(())
    }

    /// Points at an element.
    pub fn hover(&mut self, selector: &str) -> Answer<()> {
        let place = self.place(selector)?;
        self.mouse("mouseMoved", place)
    }

    /// Clicks on an element.
    pub fn click(&mut self, selector: &str) -> Answer<()> {
        let place = self.place(selector)?;
        self.mouse("mousePressed", place)?;
        self.mouse("mouseReleased", place)
    }

    /// Makes the window as it is when its user zooms in by so much.
    pub fn magnify(&mut self, factor: u32) -> Answer<()> {
        let metrics = json!({
            "width": 1400 / factor, "height": 900 / factor,
            "deviceScaleFactor": factor, "mobile": false,
        });
        self.call("Emulation.setDeviceMetricsOverride", &metrics)?;
        Ok(())
    }

    /// Shows it as on a desktop that is light or dark.
    pub fn prefer(&mut self, theme: &str) -> Answer<()> {
        let feature = json!({ "name": "prefers-color-scheme", "value": theme });
        let media = json!({ "features": [feature] });
        self.call("Emulation.setEmulatedMedia", &media)?;
        Ok(())
    }

    /// What scripts of the page have thrown.
    pub fn errors(&mut self) -> Answer<&[String]> {
        // Whatever was thrown until now has been told before the answer to this.
        self.eval("0")?;
        Ok(&self.errors)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
