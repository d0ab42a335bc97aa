select
    pg_catalog.pg_is_in_recovery(),
    case when pg_catalog.pg_is_in_recovery() then pg_catalog.date_part('epoch',
        pg_catalog.clock_timestamp()
            operator(pg_catalog.-) pg_catalog.pg_last_xact_replay_timestamp()
    ) end,
    case when pg_catalog.pg_is_in_recovery() then pg_catalog.pg_wal_lsn_diff(
        pg_catalog.pg_last_wal_receive_lsn(), pg_catalog.pg_last_wal_replay_lsn()
    )::bigint end,
    case when pg_catalog.pg_is_in_recovery() then pg_catalog.pg_is_wal_replay_paused() end,
    (select pg_catalog.count(*) from pg_catalog.pg_stat_replication),
    (
        select pg_catalog.date_part('epoch', pg_catalog.max(replay_lag))
        from pg_catalog.pg_stat_replication
    )
