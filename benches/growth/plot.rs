//! A figure as SVG: its panels side by side, both axes logarithmic, so that cost in proportion is a line of slope 1.

use std::fmt::Write as _;
use std::ops::Range;

use crate::curve::{Figure, Panel};

const PANEL: f64 = 420.0;
const HEIGHT: f64 = 430.0;
/// The plotting area inside of a panel.
const AREA: (Range<f64>, Range<f64>) = (62.0..390.0, 134.0..380.0);
/// Okabe and Ito's colours, which most kinds of colour blindness can tell apart.
const COLOURS: [&str; 5] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00"];

/// One axis: decades, and where they lie in the picture.
struct Axis {
    first: i32,
    last: i32,
    from: f64,
    to: f64,
}

impl Axis {
    fn over(values: impl Iterator<Item = f64> + Clone, from: f64, to: f64) -> Self {
        let low = values.clone().fold(f64::INFINITY, f64::min);
        let high = values.fold(0.0, f64::max);
        let first = low.log10().floor() as i32;
        Self { first, last: (high.log10().ceil() as i32).max(first + 1), from, to }
    }

    fn at(&self, value: f64) -> f64 {
        let part = (value.log10() - f64::from(self.first)) / f64::from(self.last - self.first);
        self.from + part * (self.to - self.from)
    }

    fn ends(&self) -> (f64, f64) {
        (10_f64.powi(self.first), 10_f64.powi(self.last))
    }

    fn ticks(&self) -> impl Iterator<Item = (f64, String)> + '_ {
        (self.first..=self.last).map(|power| {
            let value = 10_f64.powi(power);
            let text = match power {
                6.. => format!("{} M", 10_u64.pow(power as u32 - 6)),
                3.. => format!("{},000", 10_u64.pow(power as u32 - 3)),
                0.. => format!("{value}"),
                _ => format!("{value:.*}", power.unsigned_abs() as usize),
            };
            (self.at(value), text)
        })
    }
}

pub fn svg(figure: &Figure) -> String {
    let width = PANEL * figure.panels.len() as f64;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {HEIGHT}\" width=\"{width}\" height=\"{HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"12\" fill=\"#222\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"14\" y=\"24\" font-size=\"16\" font-weight=\"bold\">{}</text>\n",
        figure.title
    );
    for (number, panel) in figure.panels.iter().enumerate() {
        writeln!(out, "<g transform=\"translate({} 0)\">", PANEL * number as f64).unwrap();
        draw(panel, &mut out);
        out.push_str("</g>\n");
    }
    out.push_str("</svg>\n");
    out
}

fn draw(panel: &Panel, out: &mut String) {
    let (across, down) = AREA;
    let points = || panel.curves.iter().flat_map(|curve| &curve.points);
    let x = Axis::over(points().map(|point| point.0), across.start, across.end);
    let y = Axis::over(points().map(|point| point.1), down.end, down.start);
    let (left, right, top, bottom) = (across.start, across.end, down.start, down.end);
    for (at, text) in x.ticks() {
        line(out, (at, top), (at, bottom), "#ddd");
        label(out, at, bottom + 16.0, "middle", &text);
    }
    for (at, text) in y.ticks() {
        line(out, (left, at), (right, at), "#ddd");
        label(out, left - 6.0, at + 4.0, "end", &text);
    }
    label(out, f64::midpoint(left, right), bottom + 36.0, "middle", panel.x);
    label(out, 14.0, 48.0, "start", panel.y);
    proportion(panel, &x, &y, out);
    for (number, curve) in panel.curves.iter().enumerate() {
        let colour = COLOURS[number % COLOURS.len()];
        let path: Vec<String> =
            curve.points.iter().map(|point| format!("{:.1},{:.1}", x.at(point.0), y.at(point.1))).collect();
        writeln!(
            out,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            path.join(" ")
        )
        .unwrap();
        for point in &curve.points {
            let (x, y) = (x.at(point.0), y.at(point.1));
            writeln!(out, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>").unwrap();
        }
        let height = 66.0 + 16.0 * number as f64;
        writeln!(
            out,
            "<rect x=\"{left}\" y=\"{}\" width=\"12\" height=\"4\" fill=\"{colour}\"/>",
            height - 6.0
        )
        .unwrap();
        label(out, left + 18.0, height, "start", &format!("{}: slope {:.2}", curve.name, curve.slope()));
    }
}

/// What cost in proportion would look like: dashed, to the end of the highest curve.
fn proportion(panel: &Panel, x: &Axis, y: &Axis, out: &mut String) {
    let ends = panel.curves.iter().filter_map(|curve| curve.points.last());
    let Some(end) = ends.max_by(|a, b| a.1.total_cmp(&b.1)) else { return };
    let ratio = end.1 / end.0;
    let start = x.ends().0.max(y.ends().0 / ratio);
    writeln!(
        out,
        "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"#888\" stroke-dasharray=\"4 4\"/>",
        x.at(start),
        y.at(start * ratio),
        x.at(end.0),
        y.at(end.1)
    )
    .unwrap();
}

fn line(out: &mut String, from: (f64, f64), to: (f64, f64), colour: &str) {
    writeln!(
        out,
        "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"{colour}\"/>",
        from.0, from.1, to.0, to.1
    )
    .unwrap();
}

fn label(out: &mut String, x: f64, y: f64, anchor: &str, text: &str) {
    writeln!(out, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>").unwrap();
}
