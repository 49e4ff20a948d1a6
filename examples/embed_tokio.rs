//! A tokio program that embeds Vo: its functions are called from Vo, one of them waits by tokio's
//! clock, and the Vo program is a future beside others.
//!
//!     cargo run --example embed_tokio

use std::time::Duration;
use vo_jit::engine::{Engine, RunConfig};
use vo_jit::host::Host;
use vo_jit::runtime::native::Output;

const PROGRAM: &str = r#"
import "host"

func main() {
	prices := make(chan int)
	for _, city := range []string{"Bern", "Lima", "Oslo"} {
		go func() {
			price, err := host.Fetch(city)
			if err != nil {
				host.Log(err.Error())
			}
			prices <- price
		}()
	}
	host.Log("all asked")
	sum := 0
	for range 3 {
		sum += <-prices
	}
	println(sum)
}
"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut host = Host::new();
    host.function("Log", |text: String| eprintln!("vo: {text}"))?;
    host.async_function("Fetch", |city: String| async move {
        // A request to some server would stand here.
        tokio::time::sleep(Duration::from_millis(20)).await;
        match city.as_str() {
            "Bern" => Ok(31),
            "Lima" => Ok(11),
            _ => Err(format!("no price for {city}")),
        }
    })?;
    let module = host.compile_source("prices.vo", PROGRAM)?;
    let engine = Engine::with_host(module, host)?;

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let run = runtime.block_on(async {
        let program = engine.start(&RunConfig::default(), Output::captured())?;
        // Whatever takes too long is cancelled, by being dropped.
        match tokio::time::timeout(Duration::from_secs(30), program).await {
            Ok(run) => Ok::<_, Box<dyn std::error::Error>>(run?),
            Err(late) => Err(late.into()),
        }
    })?;
    print!("{}", String::from_utf8_lossy(&run.stdout));
    assert_eq!(run.stdout, b"42\n");
    Ok(())
}
