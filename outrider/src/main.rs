//! The command `outrider`.

fn main() -> std::process::ExitCode {
    outrider::cli::run()
}
