//! Columns side by side.

/// Characters of a cell, unless all are wanted.
const MOST_CHARS: usize = 48;

/// Rows under their headings, each column as wide as its widest cell. What does not fit is cut, unless `wide`; the last column
/// never is.
pub(crate) fn table<const COLUMNS: usize>(
    headings: [&str; COLUMNS],
    rows: &[[String; COLUMNS]],
    wide: bool,
) -> String {
    let headings = headings.map(str::to_owned);
    let cut: Vec<Vec<String>> = std::iter::once(&headings)
        .chain(rows)
        .map(|row| {
            let last = row.len().saturating_sub(1);
            let cell = |(column, cell): (usize, &String)| {
                if wide || column == last { cell.clone() } else { fitted(cell) }
            };
            row.iter().enumerate().map(cell).collect()
        })
        .collect();
    let mut widths = [0; COLUMNS];
    for row in &cut {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    cut.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn fitted(cell: &str) -> String {
    if cell.chars().count() <= MOST_CHARS {
        return cell.to_owned();
    }
    cell.chars().take(MOST_CHARS - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_lines_end_at_their_last() {
        let rows = [["ä".to_owned(), "one".to_owned()], ["long".to_owned(), String::new()]];
        assert_eq!(table(["a", "b"], &rows, false), "a     b\nä     one\nlong");
    }

    #[test]
    fn what_is_too_long_is_cut_unless_it_is_last_or_all_is_wanted() {
        let rows = [["x".repeat(49), "y".repeat(49)]];
        let (cut, whole) = (table(["", ""], &rows, false), table(["", ""], &rows, true));
        assert_eq!(cut.lines().last().unwrap(), format!("{}…  {}", "x".repeat(47), "y".repeat(49)));
        assert_eq!(whole.lines().last().unwrap(), format!("{}  {}", "x".repeat(49), "y".repeat(49)));
    }
}
