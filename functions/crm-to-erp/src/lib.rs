//! Accounts, contacts and won deals of a CRM become customers, contacts and sales in the ERP.

mod flow;
mod mappings;
mod settings;

pub use flow::CrmToErp;
pub use mappings::CrmMappings;
pub use settings::CrmToErpSettings;
