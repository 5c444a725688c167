//! The `shardgate` binary: hands the arguments to the `cli` room.
#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    shardgate::cli::run()
}
