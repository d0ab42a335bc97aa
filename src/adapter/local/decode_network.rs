//! Reads PostgreSQL's binary `inet` and `cidr`. Knows nothing of columns and rows.

use std::{
    error::Error,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// As the server shows it: the mask is left out for the address of one host.
pub(super) fn network_text(raw: &[u8]) -> Result<String, Box<dyn Error + Sync + Send>> {
    // Family, bits of the mask, whether it is a cidr, length, address.
    let [_, bits, is_cidr, _, address @ ..] = raw else {
        return Err("a network address without a head".into());
    };
    let (address, all_bits) = if let Ok(v4) = <[u8; 4]>::try_from(address) {
        (IpAddr::from(Ipv4Addr::from(v4)), 32)
    } else {
        (
            IpAddr::from(Ipv6Addr::from(<[u8; 16]>::try_from(address)?)),
            128,
        )
    };
    if *bits == all_bits && *is_cidr == 0 {
        return Ok(address.to_string());
    }
    Ok(format!("{address}/{bits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: &[u8], text: &str) {
        assert_eq!(network_text(raw).unwrap(), text);
    }

    #[test]
    fn a_mask_is_shown_where_it_says_something() {
        check(&[2, 32, 0, 4, 127, 0, 0, 1], "127.0.0.1");
        check(&[2, 24, 0, 4, 10, 0, 0, 1], "10.0.0.1/24");
        check(&[2, 32, 1, 4, 10, 0, 0, 1], "10.0.0.1/32");
        let mut v6 = vec![3, 128, 0, 16];
        v6.extend_from_slice(&Ipv6Addr::LOCALHOST.octets());
        check(&v6, "::1");
    }

    #[test]
    fn a_broken_address_is_an_error() {
        assert!(network_text(&[2, 32]).is_err());
        assert!(network_text(&[2, 32, 0, 3, 1, 2, 3]).is_err());
    }
}
