//! The `shardgate` binary: hands the arguments to the `cli` room.

fn main() -> std::process::ExitCode {
    shardgate::cli::run()
}
