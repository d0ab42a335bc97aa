//! A network of its own for a program, and name resolution of its own. Both
//! need root and Linux. They must not know which program it is.

use std::{
    fs,
    io::Write,
    net::{Ipv4Addr, UdpSocket},
    os::fd::AsFd,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// The hardware addresses at both ends of a cable, and one that nobody has.
const OUTER: &str = "02:00:00:00:0d:01";
const INNER: &str = "02:00:00:00:0d:02";
const NOBODY: &str = "02:00:00:00:0d:ff";

/// Two machines and a cable: this one, and a network namespace in which a
/// program can be started. Goes away with the value, or with this process.
#[derive(Debug)]
pub(crate) struct Network {
    holder: Child,
    outer_name: String,
    outer: Ipv4Addr,
    inner: Ipv4Addr,
}

impl Network {
    /// Makes both ends of the cable and gives them addresses.
    pub(crate) fn make() -> Self {
        static COUNT: AtomicU8 = AtomicU8::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let process = std::process::id();
        let outer_name = format!("dbv{}x{count}", process % 1_000_000);
        // Other test processes may make networks at the same time.
        let [_, _, higher, third_byte] = process.to_be_bytes();
        let second_byte = 200 + higher % 32;
        let subnet = (count % 64) * 4;
        // The namespace lives as long as `cat`, which ends with our end of its pipe.
        let holder = Command::new("unshare")
            .args(["-n", "cat"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("`unshare` runs");
        let mut network = Self {
            holder,
            outer_name,
            outer: Ipv4Addr::new(10, second_byte, third_byte, subnet + 1),
            inner: Ipv4Addr::new(10, second_byte, third_byte, subnet + 2),
        };
        network.wait_for_holder();
        network.connect();
        network
    }

    /// `unshare` has done its part once `cat` says what it is told.
    fn wait_for_holder(&mut self) {
        let pipe = self.holder.stdin.as_mut().expect("stdin is a pipe");
        pipe.write_all(b"\n").expect("`cat` reads");
        let mut answer = [0];
        let output = self.holder.stdout.as_mut().expect("stdout is a pipe");
        std::io::Read::read_exact(output, &mut answer).expect("`cat` answers");
    }

    fn connect(&self) {
        let (name, pid) = (&self.outer_name, self.holder.id());
        run(&format!(
            "ip link add name {name} address {OUTER} type veth \
             peer name inside address {INNER} netns {pid}"
        ));
        run(&format!("ip addr add {}/30 dev {name}", self.outer));
        run(&format!("ip link set dev {name} up"));
        self.run_inside("ip link set dev lo up");
        self.run_inside(&format!("ip addr add {}/30 dev inside", self.inner));
        self.run_inside("ip link set dev inside up");
        self.carry();
    }

    fn run_inside(&self, command: &str) {
        run(&format!("nsenter -t {} -n {command}", self.holder.id()));
    }

    /// This machine's address, as seen from inside.
    pub(crate) fn outer(&self) -> Ipv4Addr {
        self.outer
    }

    /// The other machine's address.
    pub(crate) fn inner(&self) -> Ipv4Addr {
        self.inner
    }

    /// What goes before a command so that it runs inside.
    pub(crate) fn enter(&self) -> Vec<String> {
        let words = format!("nsenter -t {} -n --", self.holder.id());
        words.split(' ').map(str::to_owned).collect()
    }

    /// What a thread does to be inside: the sockets that it opens are.
    #[cfg(target_os = "linux")]
    pub(crate) fn entrance(&self) -> impl Fn() + Send + Sync + 'static {
        use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

        let path = format!("/proc/{}/ns/net", self.holder.id());
        let inside = fs::File::open(path).expect("the namespace is there");
        move || {
            move_into_link_name_space(inside.as_fd(), Some(LinkNameSpaceType::Network))
                .expect("root may enter");
        }
    }

    /// There are no namespaces here, and no row that asks for one is run.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn entrance(&self) -> impl Fn() + Send + Sync + 'static {
        || panic!("network namespaces are Linux's")
    }

    /// Loses every packet in both directions, and tells nobody: each side
    /// sends to a machine that is not there.
    pub(crate) fn drop_everything(&self) {
        self.resolve(NOBODY, NOBODY);
    }

    /// Carries everything (again).
    pub(crate) fn carry(&self) {
        self.resolve(OUTER, INNER);
    }

    fn resolve(&self, outer: &str, inner: &str) {
        let to = |ip: Ipv4Addr, address: &str, dev: &str| {
            format!("ip neigh replace {ip} lladdr {address} dev {dev} nud permanent")
        };
        run(&to(self.inner, inner, &self.outer_name));
        self.run_inside(&to(self.outer, outer, "inside"));
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // Both fail only when it is gone already.
        drop(self.holder.kill());
        drop(self.holder.wait());
        drop(
            Command::new("ip")
                .args(["link", "del", &self.outer_name])
                .stderr(Stdio::null())
                .status(),
        );
    }
}

fn run(command: &str) {
    let mut words = command.split_whitespace();
    let output = Command::new(words.next().expect("a command has a name"))
        .args(words)
        .output()
        .unwrap_or_else(|error| panic!("`{command}` does not run: {error}"));
    assert!(
        output.status.success(),
        "`{command}` failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// What goes before a command so that it sees these files instead of
/// `/etc/hosts` and `/etc/resolv.conf`. They are written to the folder.
pub(crate) fn with_names(folder: &Path, hosts: &str, resolver: &str) -> Vec<String> {
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).expect("a file of the test can be written");
        path.to_str().expect("the path is text").to_owned()
    };
    let hosts = write("hosts", hosts);
    let resolver = write("resolv.conf", resolver);
    let script = format!(
        "mount --bind '{hosts}' /etc/hosts && \
         mount --bind '{resolver}' /etc/resolv.conf && exec \"$@\""
    );
    ["unshare", "-m", "sh", "-c", &script, "sh"]
        .map(str::to_owned)
        .into()
}

/// A name server on an address of this machine, which says nothing until it
/// is told to answer: that every name is 127.0.0.1, or that there is none.
#[derive(Debug)]
pub(crate) struct NameServer {
    address: Ipv4Addr,
    shared: Arc<Switches>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Switches {
    answers: AtomicBool,
    denies: AtomicBool,
    ends: AtomicBool,
}

impl NameServer {
    /// Starts one that hangs.
    pub(crate) fn start() -> Self {
        let (address, socket) = (1..=254)
            .map(|last| Ipv4Addr::new(127, 53, 0, last))
            .find_map(|address| Some((address, UdpSocket::bind((address, 53)).ok()?)))
            .expect("port 53 is free on one of 254 addresses");
        socket
            .set_read_timeout(Some(Duration::from_millis(50)))
            .expect("a socket can wait");
        let shared = Arc::new(Switches::default());
        let its = Arc::clone(&shared);
        let thread = thread::spawn(move || {
            let mut question = [0; 512];
            while !its.ends.load(Ordering::SeqCst) {
                // Nobody asked in time: look whether to end.
                let Ok((length, from)) = socket.recv_from(&mut question) else {
                    continue;
                };
                if its.answers.load(Ordering::SeqCst) {
                    let mut answer = answer(&question[..length]);
                    if its.denies.load(Ordering::SeqCst) {
                        deny(&mut answer);
                    }
                    // Fails only when the one who asked has gone.
                    drop(socket.send_to(&answer, from));
                }
            }
        });
        Self {
            address,
            shared,
            thread: Some(thread),
        }
    }

    /// The text of a `resolv.conf` that asks this server.
    pub(crate) fn resolver(&self) -> String {
        format!("nameserver {}\n", self.address)
    }

    /// Answers from now on.
    pub(crate) fn answer(&self) {
        self.shared.denies.store(false, Ordering::SeqCst);
        self.shared.answers.store(true, Ordering::SeqCst);
    }

    /// Answers from now on that no name exists.
    pub(crate) fn deny(&self) {
        self.shared.denies.store(true, Ordering::SeqCst);
        self.shared.answers.store(true, Ordering::SeqCst);
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.shared.ends.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// The answer to a question: 127.0.0.1 to one for an address (A), nothing to others.
fn answer(question: &[u8]) -> Vec<u8> {
    const HEADER: usize = 12;
    const TYPE_A: [u8; 2] = [0, 1];
    let name_end = question[HEADER..]
        .iter()
        .position(|byte| *byte == 0)
        .map_or(question.len(), |at| HEADER + at + 1);
    let asked = question.get(name_end..name_end + 2);
    let is_for_address = asked == Some(&TYPE_A);
    let end = (name_end + 4).min(question.len());
    let mut answer = question[..end].to_vec();
    // A response, recursion available, no error; one question, no other sections.
    answer[2..HEADER].copy_from_slice(&[0x81, 0x80, 0, 1, 0, u8::from(is_for_address), 0, 0, 0, 0]);
    if is_for_address {
        // The name of the question, type A, class IN, one second, four bytes.
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1]);
    }
    answer
}

/// Makes of an answer that the name does not exist.
fn deny(answer: &mut Vec<u8>) {
    const ANSWERED: usize = 7;
    // What follows the question is the address, of sixteen bytes.
    if answer[ANSWERED] == 1 {
        answer.truncate(answer.len() - 16);
    }
    answer[3] |= 3;
    answer[ANSWERED] = 0;
}
