//! Images of rows, bound to one execution's values.

use super::{ALL, Arriving, Identity, Images, Rows};
use crate::base::{Result, Value};
use crate::plan::bind::{Arrival, Binder, Bound, Destination, Target};
use crate::plan::ir::{Insert, InsertRow, Job, Route, Routing, Template};

impl<'p> Binder<'p> {
    /// What reads the rows that each target's job is about to change.
    pub(in crate::plan) fn images_found(&self, targets: &[Target<'p>]) -> Result<Vec<Job>> {
        let Some(Images { rows: Rows::Found(text), .. }) = self.plan.images.as_deref() else {
            return Ok(Vec::new());
        };
        targets.iter().map(|target| self.job(Some(text), target)).collect()
    }

    /// What reads new rows at their place: each with its number, its pieces and its new id.
    pub(in crate::plan) fn image_of_new<'r>(
        &self,
        target: &Target<'p>,
        rows: impl Iterator<Item = (usize, &'r InsertRow, Option<&'r Value>)>,
    ) -> Result<Option<Job>> {
        let Some(Images { rows: Rows::New(head, conditions), .. }) = self.plan.images.as_deref() else {
            return Ok(None);
        };
        let none = Template::new();
        let rows: Vec<_> = rows.collect();
        let mut renderer = self.renderer(&target.frame);
        renderer.template(head)?;
        for (n, (number, row, id)) in rows.iter().enumerate() {
            if n > 0 {
                renderer.text(" OR ");
            }
            renderer.id = *id;
            renderer.given = row.id.as_ref();
            renderer.template(conditions.get(*number).unwrap_or(&none))?;
        }
        renderer.text(ALL);
        Ok(Some(Self::finish(renderer, target)))
    }
    /// Rows that others may be in the way of, one by one, and everywhere where those may be. `targets`: each with the
    /// numbers of its rows; `id`: a row's new id.
    pub(in crate::plan) fn arrivals<'v>(
        &self,
        insert: &'p Insert,
        targets: &[(Target<'p>, impl AsRef<[usize]>)],
        id: impl Fn(usize) -> Option<&'v Value>,
        bound: &mut Bound,
    ) -> Result<()> {
        let Some(Images { rows: Rows::Arriving(arriving), table, .. }) = self.plan.images.as_deref() else {
            return Ok(());
        };
        let Identity::Each(conditions) = &arriving.identity else { return Ok(()) };
        let everywhere = Routing::Sharded { leads: vec![(*table, Route::All)], aligned: true };
        let extras = bound.extras.get_or_insert_default();
        for target in self.targets(&everywhere)?.as_slice() {
            extras.destinations.push(self.destination(&insert.head, &insert.tail, target)?);
        }
        let mut arrivals = Vec::with_capacity(insert.rows.len());
        for (target, rows) in targets {
            for n in rows.as_ref() {
                let (Some(row), Some(condition)) = (insert.rows.get(*n), conditions.get(*n)) else {
                    continue;
                };
                let render = |template: &Template| -> Result<Job> {
                    let mut renderer = self.renderer(&target.frame);
                    renderer.id = id(*n);
                    renderer.given = row.id.as_ref();
                    renderer.template(template)?;
                    Ok(Self::finish(renderer, target))
                };
                let (row, found) = (render(&row.pieces)?, render(condition)?);
                arrivals.push((*n, Arrival { at: usize::from(target.id.0), row, found }));
            }
        }
        arrivals.sort_by_key(|(n, _)| *n);
        extras.arrivals = arrivals.into_iter().map(|(_, arrival)| arrival).collect();
        Ok(())
    }

    /// The texts before and behind rows that go to one place.
    pub(in crate::plan) fn destination(
        &self,
        head: &Template,
        tail: &Template,
        target: &Target<'p>,
    ) -> Result<Destination> {
        let replace = match self.plan.images.as_deref() {
            Some(Images { rows: Rows::Arriving(Arriving { replace, .. }), .. }) if !replace.is_empty() => {
                Some(self.job(Some(replace), target)?)
            }
            _ => None,
        };
        Ok(Destination { head: self.job(Some(head), target)?, tail: self.job(Some(tail), target)?, replace })
    }
}
