//! After a load of the warehouse, dashboards show what was loaded: datasets are refreshed and caches filled, once for all loads of
//! a window.

mod flow;
mod groups;
mod settings;
mod window;

pub use flow::{DBT_RUN_COMPLETED, LOAD_FINISHED, LoadMappings, RefreshDue, WarehouseToBi};
pub use groups::{DatasetGroups, Group};
pub use settings::WarehouseToBiSettings;
pub use window::Window;
