//! A row's Supabase project: the stand-in, the key, and the way between. It
//! must not know what is seen of it.

use crate::{
    hidden::Hidden,
    scene::Scene,
    support::{
        cluster::{Cluster, PASSWORD},
        proxy::Proxy,
        standin::{Builder, Fault, Key, Standin},
    },
};

/// A row in one of our tables that both keys of today may read.
const OPENED: &str = "insert into agents (name, type) values ('one', 'codex');
    grant select on agents to anon;
    create policy seen on agents for select to anon using (true)";

impl Scene {
    /// A project with our tables, and its key of this kind.
    pub(crate) fn project(key: Key) -> Self {
        Self::of_standin(Self::standins().start(), key)
    }

    /// The same, where the role `anon` may read one row.
    pub(crate) fn open_project(key: Key) -> Self {
        let mut scene = Self::project(key);
        scene.open();
        scene
    }

    /// Lets `anon` read one row.
    pub(crate) fn open(&mut self) {
        self.cluster().sql(OPENED);
    }

    /// A project behind a network that can be broken.
    pub(crate) fn project_behind_proxy(key: Key) -> Self {
        let mut scene = Self::open_project(key);
        let proxy = Proxy::to(scene.standin().port());
        let url = format!("http://127.0.0.1:{}", proxy.port());
        scene.proxy = Some(proxy);
        scene.url(url)
    }

    /// A project made from a builder of [`Scene::standins`].
    pub(crate) fn of_standin(standin: Standin, key: Key) -> Self {
        let url = standin.url();
        let text = standin.key(key).to_owned();
        let mut scene = Self::at(url).key(&text);
        scene.standin = Some(standin);
        scene
    }

    /// What a stand-in is asked for.
    pub(crate) fn standins() -> Builder {
        // The server's own housekeeping writes, too.
        let quiet = Cluster::builder().setting("autovacuum", "off");
        Standin::builder().over(quiet)
    }

    /// Another key for the program, which nobody may see.
    pub(crate) fn key(mut self, key: &str) -> Self {
        self.is_project = true;
        self.secrets.push(key.to_owned());
        self.variable("SUPABASE_ANON_KEY", key)
    }

    pub(crate) fn standin(&self) -> &Standin {
        self.standin.as_ref().expect("the row has a project")
    }

    pub(crate) fn standin_mut(&mut self) -> &mut Standin {
        self.standin.as_mut().expect("the row has a project")
    }

    /// Every request is answered so from now on.
    pub(crate) fn answer(&self, fault: &Fault) {
        self.standin().fault(fault);
    }

    /// Requests get their true answers again.
    pub(crate) fn answer_truly(&self) {
        self.standin().clear_faults();
    }

    /// What may never be shown.
    pub(crate) fn hidden(&self) -> Hidden {
        let own = self.secrets.iter().map(String::as_str);
        Hidden::of(own.chain([PASSWORD]))
    }
}
