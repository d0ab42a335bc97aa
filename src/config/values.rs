//! The value of every key with its origin, and the defaults. Knows nothing of
//! sources or of rules between keys.

use crate::{
    config::{ThemeName, origin::Sourced, own_script::OwnScript},
    domain::{DatabaseConfig, Mode, Scenario, Secret},
};

/// Every key's value. `Default` holds the defaults; the layers are laid over
/// them, weakest first.
#[derive(Debug, Clone)]
pub(crate) struct Values {
    pub(crate) profile: Option<Sourced<String>>,
    pub(crate) mode: Option<Sourced<Mode>>,
    pub(crate) supabase_url: Option<Sourced<String>>,
    pub(crate) supabase_key: Option<Sourced<Secret>>,
    pub(crate) database_url: Option<Sourced<Secret>>,
    pub(crate) pool_size: Sourced<u64>,
    pub(crate) health_check_interval: Sourced<u64>,
    pub(crate) max_retries: Sourced<u64>,
    pub(crate) retry_delay: Sourced<u64>,
    pub(crate) health_check_timeout: Sourced<u64>,
    pub(crate) heartbeat_interval: Sourced<u64>,
    pub(crate) slow_threshold: Sourced<u64>,
    pub(crate) read_only: Sourced<bool>,
    pub(crate) require_schema: Sourced<bool>,
    pub(crate) auto_migrate: Sourced<bool>,
    pub(crate) ledger_schema: Option<Sourced<String>>,
    pub(crate) health_table: Option<Sourced<String>>,
    pub(crate) environment: Option<Sourced<String>>,
    pub(crate) mock_latency: Sourced<u64>,
    pub(crate) mock_jitter: Sourced<u64>,
    pub(crate) mock_scenario: Option<Sourced<Scenario>>,
    pub(crate) mock_script: Option<Sourced<OwnScript>>,
    pub(crate) theme: Sourced<ThemeName>,
    pub(crate) ascii: Sourced<bool>,
}

impl Default for Values {
    fn default() -> Self {
        Self {
            profile: None,
            mode: None,
            supabase_url: None,
            supabase_key: None,
            database_url: None,
            pool_size: Sourced::by_default(DatabaseConfig::DEFAULT_POOL_SIZE),
            health_check_interval: Sourced::by_default(
                DatabaseConfig::DEFAULT_HEALTH_CHECK_INTERVAL,
            ),
            max_retries: Sourced::by_default(DatabaseConfig::DEFAULT_MAX_RETRIES),
            retry_delay: Sourced::by_default(DatabaseConfig::DEFAULT_RETRY_DELAY),
            health_check_timeout: Sourced::by_default(5_000),
            heartbeat_interval: Sourced::by_default(1_000),
            slow_threshold: Sourced::by_default(200),
            read_only: Sourced::by_default(false),
            require_schema: Sourced::by_default(true),
            auto_migrate: Sourced::by_default(false),
            ledger_schema: None,
            health_table: None,
            environment: None,
            // Of a server nearby, so that the graph of the mock mode lives.
            mock_latency: Sourced::by_default(3),
            mock_jitter: Sourced::by_default(9),
            mock_scenario: None,
            mock_script: None,
            theme: Sourced::by_default(ThemeName::Dark),
            ascii: Sourced::by_default(false),
        }
    }
}
