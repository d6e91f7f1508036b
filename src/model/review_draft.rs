//! A study's review levels as typed.

use super::problem::FieldErrors;
use super::record::{LEVELS_MAX, ReviewLevel, ReviewLevels};

/// One level as typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LevelDraft {
    /// Empty: there is no such level.
    pub name: String,
    /// Up to three numbers, separated by commas.
    pub roles: String,
    /// Of `field_level`, `lock`, `sign`, `soft`, those that are ticked.
    pub flags: Vec<String>,
    /// What it is for.
    pub description: String,
}

/// Always [`LEVELS_MAX`] rows, of which those that nothing was typed into are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelsDraft(pub Vec<LevelDraft>);

impl LevelsDraft {
    /// The levels of a study, to edit.
    pub fn of(levels: &ReviewLevels) -> Self {
        let mut rows: Vec<LevelDraft> = levels.0.iter().map(LevelDraft::of).collect();
        rows.resize(LEVELS_MAX, LevelDraft::default());
        Self(rows)
    }

    /// Takes `levels[n].…` from among a posted form's fields; what is no such field is left alone.
    pub fn from_fields<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut rows = vec![LevelDraft::default(); LEVELS_MAX];
        for (name, value) in fields {
            let place =
                name.strip_prefix("levels[").and_then(|rest| rest.split_once("].")).and_then(|(n, part)| Some((n.parse().ok()?, part)));
            let Some((index, part)) = place else { continue };
            let Some(row) = rows.get_mut::<usize>(index) else { continue };
            match part {
                "name" => value.clone_into(&mut row.name),
                "roles" => value.clone_into(&mut row.roles),
                "description" => value.clone_into(&mut row.description),
                "flags" => row.flags.push(value.to_owned()),
                _ => {}
            }
        }
        Self(rows)
    }

    /// Checks every row; those without a name are left out.
    ///
    /// # Errors
    /// Each wrong field, as `levels[n].…` of the row it was typed into.
    pub fn check(&self) -> Result<ReviewLevels, FieldErrors> {
        let mut errors = FieldErrors::default();
        let typed: Vec<(usize, &LevelDraft)> = self.0.iter().enumerate().filter(|(_, row)| !row.is_empty()).collect();
        let mut levels = Vec::new();
        for (index, row) in &typed {
            let roles = row.roles().unwrap_or_else(|message| {
                errors.add(format!("levels[{index}].roles"), message);
                [-1; 3]
            });
            levels.push(row.level(roles));
        }
        match ReviewLevels(levels).check() {
            Ok(levels) if errors.is_empty() => return Ok(levels),
            Ok(_) => {}
            // Counted without the empty rows between.
            Err(wrong) => errors.0.extend(wrong.0.into_iter().map(|mut e| {
                let place = e.field.strip_prefix("levels[").and_then(|rest| rest.split_once(']'));
                if let Some((row, part)) = place.and_then(|(n, part)| Some((typed.get(n.parse::<usize>().ok()?)?.0, part))) {
                    e.field = format!("levels[{row}]{part}");
                }
                e
            })),
        }
        Err(errors)
    }
}

impl LevelDraft {
    fn of(level: &ReviewLevel) -> Self {
        let flags = [("field_level", level.field_level), ("lock", level.lock), ("sign", level.sign), ("soft", level.soft)];
        Self {
            name: level.name.clone(),
            roles: level.roles.iter().filter(|r| **r >= 0).map(ToString::to_string).collect::<Vec<_>>().join(", "),
            flags: flags.into_iter().filter(|(_, on)| *on).map(|(name, _)| name.to_owned()).collect(),
            description: level.description.clone(),
        }
    }

    fn is_empty(&self) -> bool {
        self.flags.is_empty() && [&self.name, &self.roles, &self.description].iter().all(|text| text.trim().is_empty())
    }

    fn roles(&self) -> Result<[i64; 3], String> {
        let mut roles = [-1; 3];
        let parts: Vec<&str> = self.roles.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
        if parts.len() > roles.len() {
            return Err("are three at most".to_owned());
        }
        for (role, part) in roles.iter_mut().zip(parts) {
            *role = part.parse().map_err(|_| "must be numbers, separated by commas, such as 4, 7".to_owned())?;
        }
        Ok(roles)
    }

    fn level(&self, roles: [i64; 3]) -> ReviewLevel {
        let has = |flag: &str| self.flags.iter().any(|f| f == flag);
        ReviewLevel {
            seq: 0,
            name: self.name.clone(),
            roles,
            field_level: has("field_level"),
            lock: has("lock"),
            sign: has("sign"),
            soft: has("soft"),
            description: self.description.trim().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_come_back_the_same_from_their_fields() {
        let fields = [
            ("levels[0].name", "Data"),
            ("levels[0].roles", "4, 7"),
            ("levels[0].flags", "lock"),
            ("levels[0].flags", "soft"),
            ("levels[2].name", "Sponsor"),
            ("levels[9].name", "Beyond"),
            ("else", "x"),
        ];
        let levels = LevelsDraft::from_fields(fields).check().expect("right");
        let told: Vec<_> = levels.0.iter().map(|l| (l.seq, l.name.as_str(), l.roles, l.lock, l.sign, l.soft)).collect();
        assert_eq!(told, [(1, "Data", [4, 7, -1], true, false, true), (2, "Sponsor", [-1; 3], false, false, false)]);
        assert_eq!(LevelsDraft::of(&levels).check(), Ok(levels));
    }

    #[test]
    fn what_is_wrong_is_named_where_it_was_typed() {
        let fields = [("levels[1].roles", "1, 2, 3, 4"), ("levels[3].name", "Sponsor"), ("levels[3].roles", "many")];
        let wrong = LevelsDraft::from_fields(fields).check().expect_err("wrong");
        let fields: Vec<_> = wrong.0.into_iter().map(|e| e.field).collect();
        assert_eq!(fields, ["levels[1].roles", "levels[3].roles", "levels[1].name"]);
    }
}
