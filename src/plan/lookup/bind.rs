//! Images of rows, bound to one execution's values.

use super::{ALL, Images, Rows};
use crate::base::{Result, Value};
use crate::plan::bind::{Binder, Target};
use crate::plan::ir::{InsertRow, Job, Template};

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
}
