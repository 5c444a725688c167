//! Curves, and how steep they are.

use std::time::{Duration, Instant};

/// A subject: what is said of it, and its panels side by side in one picture.
pub struct Figure {
    /// The picture's file without `.svg`.
    pub name: &'static str,
    pub title: &'static str,
    /// What was measured, in a sentence or two.
    pub about: String,
    pub panels: Vec<Panel>,
}

/// Curves over the same axes.
pub struct Panel {
    /// What there is more and more of.
    pub x: &'static str,
    /// The cost, with its unit.
    pub y: &'static str,
    pub curves: Vec<Curve>,
}

pub struct Curve {
    pub name: &'static str,
    pub goal: Goal,
    /// Ascending by x.
    pub points: Vec<(f64, f64)>,
}

/// What is asked of a curve.
#[derive(Clone, Copy)]
pub enum Goal {
    /// The whole work on x things: at most in proportion.
    Linear,
    /// One piece of work that x things are beside: well below proportion, ideally level.
    Level,
    /// Sorting x things, or merging x sorted streams of as many rows: x times its logarithm.
    Sorting,
    /// In proportion at most, and the last point at most this high.
    LinearBelow(f64),
}

/// What timings on a shared machine leave open in a slope.
const NOISE: f64 = 0.15;
/// What a level curve may rise, for the processor's caches hold less and less of what is there.
const LEVEL: f64 = 0.3;

impl Curve {
    pub fn new(name: &'static str, goal: Goal) -> Self {
        Self { name, goal, points: Vec::new() }
    }

    pub fn add(&mut self, x: usize, y: f64) {
        eprintln!("{}: {x} → {y:.4}", self.name);
        assert!(y > 0.0, "{}: no cost at {x}", self.name);
        self.points.push((x as f64, y));
    }

    /// The slope in the log-log plot over the last decade, by least squares: 1 is in proportion, 0 is level. Costs that
    /// are always there make the decades before it look flatter than the growth is.
    pub fn slope(&self) -> f64 {
        let end = self.end().0;
        let logs: Vec<(f64, f64)> = self
            .points
            .iter()
            .filter(|point| point.0 * 10.0 >= end)
            .map(|(x, y)| (x.log10(), y.log10()))
            .collect();
        let count = logs.len() as f64;
        let (x, y) = (
            logs.iter().map(|point| point.0).sum::<f64>() / count,
            logs.iter().map(|point| point.1).sum::<f64>() / count,
        );
        let over: f64 = logs.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
        over / logs.iter().map(|point| (point.0 - x).powi(2)).sum::<f64>()
    }

    /// The steepest that it may be, noise apart.
    fn steepest(&self) -> f64 {
        match self.goal {
            Goal::Linear | Goal::LinearBelow(_) => 1.0,
            Goal::Level => LEVEL,
            // The slope of x·log(x) is 1 + 1/ln(x): here in the middle of the last decade.
            Goal::Sorting => 1.0 + 1.0 / (self.end().0.ln() - 10_f64.ln() / 2.0),
        }
    }

    fn end(&self) -> (f64, f64) {
        self.points.last().copied().unwrap_or((0.0, 0.0))
    }

    pub fn wanted(&self) -> String {
        match self.goal {
            Goal::Linear | Goal::Level => format!("≤ {}", self.steepest()),
            Goal::Sorting => format!("≤ {:.2}", self.steepest()),
            Goal::LinearBelow(most) => format!("≤ 1, at most {most} at the end"),
        }
    }

    pub fn met(&self) -> bool {
        let low = !matches!(self.goal, Goal::LinearBelow(most) if self.end().1 > most);
        low && self.slope() <= self.steepest() + NOISE
    }
}

/// 1, 2, 5, 10 … from `first` to `last`.
pub fn steps(first: usize, last: usize) -> Vec<usize> {
    let decades = std::iter::successors(Some(1), |decade| Some(decade * 10));
    decades
        .take_while(|decade| *decade <= last)
        .flat_map(|decade| [decade, 2 * decade, 5 * decade])
        .filter(|step| (first..=last).contains(step))
        .collect()
}

/// Mean seconds of one call: calls fill three stretches of time, and the shortest counts.
pub fn seconds(mut work: impl FnMut()) -> f64 {
    const STRETCH: Duration = Duration::from_millis(40);
    work();
    let stretches: Vec<f64> = (0..3)
        .map(|_| {
            let (start, mut calls) = (Instant::now(), 0);
            while calls == 0 || start.elapsed() < STRETCH {
                work();
                calls += 1;
            }
            start.elapsed().as_secs_f64() / f64::from(calls)
        })
        .collect();
    least(&stretches)
}

/// The least of several timings: whatever else the machine does only adds.
pub fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}
