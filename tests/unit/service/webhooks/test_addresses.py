"""Which addresses webhooks are sent to."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.contract.settings import SettingsError
from service.settings import Settings
from service.webhooks.addresses import Addresses, read_networks

REFUSED = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.9.9.9",
    "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1",
    "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
]  # fmt: skip
PUBLIC = ["1.1.1.1", "9.255.255.255", "11.0.0.1", "100.63.255.255", "100.128.0.1", "126.0.0.1", "128.0.0.1",
          "169.253.0.1", "172.15.255.255", "172.32.0.1", "192.0.1.1", "192.167.0.1", "198.17.0.1", "198.20.0.1",
          "223.255.255.255"]  # fmt: skip
REFUSED_V6 = [
    "::", "::1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd12::1", "ff02::1", "2001::1", "2001:db8::1",
    "2002:7f00:1::", "3fff::1", "64:ff9b:1::1", "100::1", "::7f00:1", "5f00::1", "::ffff:0:7f00:1", "4000::1",
]  # fmt: skip


@pytest.mark.parametrize("text", [*REFUSED, *REFUSED_V6])
def test_what_is_refused(text: str) -> None:
    assert not Addresses().permit(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", [*PUBLIC, "2a00:1450::1", "2001:4860:4860::8888", "2606:4700::1111"])
def test_what_is_permitted(text: str) -> None:
    assert Addresses().permit(ipaddress.ip_address(text))


@pytest.mark.parametrize("form", ["::ffff:{}", "64:ff9b::{}"])
def test_the_forms_of_ipv4_in_ipv6_count_as_what_they_mean(form: str) -> None:
    for text in REFUSED:
        assert not Addresses().permit(ipaddress.ip_address(form.format(text))), text
    for text in PUBLIC:
        assert Addresses().permit(ipaddress.ip_address(form.format(text))), text


@given(st.ip_addresses(v=4))
def test_nothing_is_permitted_that_the_standard_library_knows_as_not_public(address: ipaddress.IPv4Address) -> None:
    known = [address.is_private, address.is_loopback, address.is_link_local, address.is_multicast, address.is_reserved]
    assert not (Addresses().permit(address) and any(known))


@given(st.ip_addresses(v=6))
def test_nor_of_ipv6(address: ipaddress.IPv6Address) -> None:
    known = [address.is_private, address.is_loopback, address.is_link_local, address.is_multicast]
    assert not (Addresses().permit(address) and any(known))


class TestAllowed:
    def test_networks_are_added(self) -> None:
        addresses = Addresses(read_networks("10.2.0.0/16, 127.0.0.1/32,fd00:1::/32"))
        for text in ("10.2.3.4", "127.0.0.1", "fd00:1::5", "::ffff:127.0.0.1", "1.1.1.1"):
            assert addresses.permit(ipaddress.ip_address(text)), text
        for text in ("10.3.0.1", "127.0.0.2", "fd00:2::5", "::1"):
            assert not addresses.permit(ipaddress.ip_address(text)), text

    def test_none(self) -> None:
        assert read_networks("") == ()

    @pytest.mark.parametrize("text", ["10.2.0.1/16", "localhost", "10.0.0.0/33", "127.0.0.1/32;::1"])
    def test_what_is_no_network(self, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(ValueError, match="is no network"):
            read_networks(text)
        monkeypatch.setenv("DEPECHE_CALLBACK_NETWORKS", text)
        with pytest.raises(SettingsError, match=r"DEPECHE_CALLBACK_NETWORKS: .* is no network such as"):
            Settings.load()

    def test_the_setting(self) -> None:
        settings = Settings.load(callback_networks="127.0.0.0/8")
        assert settings.callback_addresses.permit_host("127.3.2.1")
        assert not settings.callback_addresses.permit_host("10.1.1.1")
        assert not Settings.load().callback_addresses.permit_host("::1")
        assert Settings.load().callback_addresses.permit_host("localhost"), "a name is judged when it is resolved"
