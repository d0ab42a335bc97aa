//! From values to the sections that the layers read. Knows nothing of the
//! sources of the values.

use std::{path::PathBuf, time::Duration};

use crate::{
    config::{
        AdapterSection, Complaint, Complaints, Config, Env, Loaded, LocalSection, MockSection,
        Origin, Provenance, SupabaseSection, TuiSection, WatchSection, file,
        libpq::{self, Resolved},
        loaded,
        mode::ChosenMode,
        origin::Sourced,
        rehearsal, supabase, terminal,
        values::Values,
    },
    domain::{
        AutoMigrate, DatabaseConfig, DatabaseConfigDraft, HealthPolicy, Mode, RoundTrip,
        RuleViolation, Target, TransportSecurity, clean, is_production,
    },
};

/// What a configuration is put together from.
pub(crate) struct Parts {
    pub(crate) values: Values,
    pub(crate) chosen: ChosenMode,
    /// What the sources warn of.
    pub(crate) warnings: Vec<String>,
    pub(crate) profile: Option<String>,
    /// It names a project, and no database beside it.
    pub(crate) is_lone_project: bool,
    pub(crate) file: Option<PathBuf>,
}

/// Completes the address, checks the data model's rules and cuts the sections.
/// `None` when something is wrong, which was then complained about.
pub(crate) fn resolve(
    mut parts: Parts,
    env: &dyn Env,
    complaints: &mut Complaints,
) -> Option<Loaded> {
    let local = if names_database(&parts, env) {
        // What is wrong with an address that is there has been said by then.
        Some(libpq::resolve(
            parts.values.database_url.as_ref(),
            env,
            complaints,
        )?)
    } else {
        None
    };
    let project = match parts.chosen.mode {
        Mode::Supabase => supabase::resolve(&parts.values, complaints),
        Mode::Local | Mode::Mock => None,
    };
    if let (Some(project), Some(local)) = (&project, &local) {
        complaints.keep(supabase::belongs(project, local, &parts.values));
    }
    complete(&mut parts, local.as_ref());
    draw_ascii_if_needed(&mut parts.values, env);
    let database = database(&parts, complaints);
    let adapter = adapter(&parts, project.as_ref(), local.as_ref());
    let (database, adapter) = (database?, adapter?);
    let provenance = provenance(&parts, project.as_ref(), local.as_ref());
    let values = parts.values;
    let direct = project.as_ref().and(local.as_ref());
    let config = Config {
        database,
        target: target(project.as_ref(), local.as_ref()),
        direct: direct.map(|local| reached(Mode::Supabase, local)),
        adapter,
        watch: watch(&values),
        tui: tui(&values, env),
        provenance,
    };
    Some(Loaded {
        config,
        settings: loaded::rows(&values),
        connection: local.map(|local| local.rows).unwrap_or_default(),
    })
}

/// How it comes that this is in force, and what to beware of.
fn provenance(
    parts: &Parts,
    project: Option<&supabase::Resolved>,
    local: Option<&Resolved>,
) -> Provenance {
    let mut mode_reason = parts.chosen.reason.clone();
    if project.is_some_and(|project| project.endpoint.is_local_stack) {
        mode_reason.push_str(" This is a local Supabase stack.");
    }
    let auto_migrate = auto_migrate(&parts.values);
    let mut warnings = Vec::from_iter(parts.chosen.warning.clone());
    warnings.extend_from_slice(&parts.warnings);
    warnings.extend(project.iter().flat_map(|it| it.warnings.clone()));
    warnings.extend(local.iter().flat_map(|it| it.warnings.clone()));
    warnings.extend(auto_migrate.refused().map(str::to_owned));
    Provenance {
        mode_reason,
        is_fallback: parts.chosen.is_fallback,
        warnings,
        profile: parts.profile.clone(),
        environment: parts.values.environment.as_ref().map(|it| it.value.clone()),
        file: parts.file.clone(),
    }
}

/// Whether a database is named that the mode has a use for.
fn names_database(parts: &Parts, env: &dyn Env) -> bool {
    match parts.chosen.mode {
        // libpq's variables say nothing about a profile that names a project.
        Mode::Local if parts.is_lone_project => parts.values.database_url.is_some(),
        Mode::Local => has_address(&parts.values, env),
        // Only a URL is a word about it: libpq's variables are for local mode.
        Mode::Supabase => parts.values.database_url.is_some(),
        Mode::Mock => false,
    }
}

/// Local mode needs a word about where: a URL, or one of libpq's variables.
pub(crate) fn has_address(values: &Values, env: &dyn Env) -> bool {
    values.database_url.is_some() || libpq::address_variable(env).is_some()
}

/// Fills in what was chosen or put together rather than set, so that it is
/// shown as it is in force.
fn complete(parts: &mut Parts, local: Option<&Resolved>) {
    let mode = parts.chosen.mode;
    if rehearsal::flagged(&parts.values).is_some() {
        parts.values.mode = Some(rehearsal::implied_mode());
    }
    parts.values.mode.get_or_insert(Sourced {
        value: mode,
        origin: Origin::Derived("chosen by what is set"),
    });
    if mode == Mode::Supabase && parts.values.heartbeat_interval.origin == Origin::Default {
        parts.values.heartbeat_interval = Sourced {
            value: 0,
            origin: Origin::Derived("off unless set in supabase mode"),
        };
    }
    if let Some(local) = local.filter(|_| mode == Mode::Local) {
        limit_timeout(&mut parts.values, local);
        parts.values.database_url.get_or_insert_with(|| Sourced {
            value: local.url.clone(),
            origin: Origin::Derived("put together from libpq's sources"),
        });
    }
}

/// Unless somebody has decided it.
fn draw_ascii_if_needed(values: &mut Values, env: &dyn Env) {
    if let (Origin::Default, Some(why)) = (&values.ascii.origin, terminal::ascii_only(env)) {
        values.ascii = Sourced {
            value: true,
            origin: Origin::Derived(why),
        };
    }
}

/// A health check logs in, so libpq's limit for that holds for it as well.
fn limit_timeout(values: &mut Values, local: &Resolved) {
    if let Some(limit) = &local.connect_timeout {
        let ms = u64::try_from(limit.value.as_millis()).unwrap_or(u64::MAX);
        if ms < values.health_check_timeout.value {
            values.health_check_timeout = Sourced {
                value: ms,
                origin: limit.origin.clone(),
            };
        }
    }
}

/// The data model's fields, by the data model's rules.
fn database(parts: &Parts, complaints: &mut Complaints) -> Option<DatabaseConfig> {
    let values = &parts.values;
    let draft = DatabaseConfigDraft {
        mode: parts.chosen.mode,
        supabase_url: values.supabase_url.as_ref().map(|url| url.value.clone()),
        supabase_key: values.supabase_key.as_ref().map(|key| key.value.clone()),
        database_url: values.database_url.as_ref().map(|url| url.value.clone()),
        pool_size: values.pool_size.value,
        health_check_interval: values.health_check_interval.value,
        max_retries: values.max_retries.value,
        retry_delay: values.retry_delay.value,
    };
    match draft.validate() {
        Ok(database) => Some(database),
        Err(broken) => {
            for violation in broken {
                complain(&violation, parts, complaints);
            }
            None
        }
    }
}

/// Only requirements can be broken here: ranges were checked with each value.
/// One that has been complained about, or whose file could not be read, may
/// well be there.
fn complain(violation: &RuleViolation, parts: &Parts, complaints: &mut Complaints) {
    let key = snake_case(violation.field);
    if complaints.concern(&key) || file::is_unknown(complaints) || complaints.concern("profile") {
        return;
    }
    let mut problem = violation.allowed.clone();
    if key == "database_url" {
        problem.push_str(if parts.is_lone_project {
            "; the profile names a project, so it must name that project's database too"
        } else {
            "; PGHOST or PGSERVICE would do too"
        });
    }
    complaints.push(Complaint::new(&key, problem, Origin::Default).with_value(&violation.value));
}

fn snake_case(camel_case: &str) -> String {
    let mut name = String::with_capacity(camel_case.len() + 3);
    for c in camel_case.chars() {
        if c.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(c.to_ascii_lowercase());
    }
    name
}

fn adapter(
    parts: &Parts,
    project: Option<&supabase::Resolved>,
    local: Option<&Resolved>,
) -> Option<AdapterSection> {
    let values = &parts.values;
    match parts.chosen.mode {
        Mode::Local => Some(AdapterSection::Local(local_section(values, local?))),
        Mode::Mock => Some(AdapterSection::Mock(mock_section(values))),
        Mode::Supabase => {
            let direct = local.map(|local| local_section(values, local));
            let section = supabase_section(values, project?, direct);
            Some(AdapterSection::Supabase(section))
        }
    }
}

fn local_section(values: &Values, local: &Resolved) -> Box<LocalSection> {
    Box::new(LocalSection {
        endpoint: local.endpoint.clone(),
        user: local.user.clone(),
        password: local.password.clone(),
        database: local.database.clone(),
        tls: local.tls.clone(),
        options: local.options.clone(),
        application_name: local.application_name.clone(),
        pool_size: small(&values.pool_size),
        timeout: duration(&values.health_check_timeout),
        max_retries: small(&values.max_retries),
        retry_delay: duration(&values.retry_delay),
        read_only: values.read_only.value,
        requires_schema: values.require_schema.value,
        ledger_schema: text(values.ledger_schema.as_ref()),
    })
}

fn mock_section(values: &Values) -> MockSection {
    MockSection {
        timeout: duration(&values.health_check_timeout),
        max_retries: small(&values.max_retries),
        retry_delay: duration(&values.retry_delay),
        read_only: values.read_only.value,
        trip: RoundTrip {
            latency: duration(&values.mock_latency),
            jitter: duration(&values.mock_jitter),
        },
        rehearsal: rehearsal::of(values),
        requires_schema: values.require_schema.value,
    }
}

fn supabase_section(
    values: &Values,
    project: &supabase::Resolved,
    direct: Option<Box<LocalSection>>,
) -> Box<SupabaseSection> {
    Box::new(SupabaseSection {
        endpoint: project.endpoint.clone(),
        key: project.key.clone(),
        key_kind: project.key_kind,
        role: project.role.clone(),
        pool_size: small(&values.pool_size),
        timeout: duration(&values.health_check_timeout),
        max_retries: small(&values.max_retries),
        retry_delay: duration(&values.retry_delay),
        read_only: values.read_only.value,
        requires_schema: values.require_schema.value,
        health_table: text(values.health_table.as_ref()),
        direct,
    })
}

fn text(value: Option<&Sourced<String>>) -> Option<String> {
    value.map(|value| value.value.clone())
}

fn watch(values: &Values) -> WatchSection {
    WatchSection {
        health_check_interval: duration(&values.health_check_interval),
        health_check_timeout: duration(&values.health_check_timeout),
        heartbeat_interval: Some(duration(&values.heartbeat_interval)).filter(|d| !d.is_zero()),
        max_retries: small(&values.max_retries),
        retry_delay: duration(&values.retry_delay),
        policy: HealthPolicy {
            slow_threshold: duration(&values.slow_threshold),
            expects_writes: !values.read_only.value,
            requires_schema: values.require_schema.value,
        },
        read_only: values.read_only.value,
        auto_migrate: auto_migrate(values),
    }
}

fn auto_migrate(values: &Values) -> AutoMigrate {
    let environment = values.environment.as_ref();
    AutoMigrate::decide(
        values.auto_migrate.value,
        values.read_only.value,
        environment.is_some_and(|label| is_production(&label.value)),
    )
}

fn tui(values: &Values, env: &dyn Env) -> TuiSection {
    TuiSection {
        theme: values.theme.value,
        ascii: values.ascii.value,
        no_color: terminal::is_colorless(env),
    }
}

fn target(project: Option<&supabase::Resolved>, local: Option<&Resolved>) -> Target {
    match (project, local) {
        (Some(project), _) => project.target.clone(),
        (None, Some(local)) => reached(Mode::Local, local),
        (None, None) => Target {
            mode: Mode::Mock,
            address: "in memory".to_owned(),
            database: String::new(),
            role: String::new(),
            security: TransportSecurity::ThisMachine,
        },
    }
}

/// A server and its database, as they are reached in a mode.
fn reached(mode: Mode, local: &Resolved) -> Target {
    Target {
        mode,
        address: clean(&local.address).into_owned(),
        database: clean(&local.database).into_owned(),
        role: clean(&local.user).into_owned(),
        security: local.security,
    }
}

fn duration(ms: &Sourced<u64>) -> Duration {
    Duration::from_millis(ms.value)
}

/// Counts are at most 100 by their ranges, so nothing is cut off.
fn small(count: &Sourced<u64>) -> u32 {
    u32::try_from(count.value).unwrap_or(u32::MAX)
}
