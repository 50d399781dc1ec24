"""Settings that do not fit are refused at start, by name."""

import pytest

from streams.settings import Settings, SettingsError


def load(**values):
    return Settings.load(**values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"kafka": "localhost"}, "PUMPWATCH_KAFKA: `localhost` is not host:port"),
        ({"kafka": "kafka.hospital.example:9092"}, "is not on this machine; use sasl_ssl or ssl"),
        ({"kafka": "10.0.0.7:9092", "kafka_security": "sasl_ssl"}, "needs PUMPWATCH_KAFKA_USER"),
        ({"kafka_security": "ssl"}, "ssl needs PUMPWATCH_KAFKA_CERT"),
        ({"kafka_security": "tls"}, "PUMPWATCH_KAFKA_SECURITY: Input should be 'plaintext', 'ssl' or 'sasl_ssl'"),
        ({"kafka_ca": "/nowhere/ca.pem"}, "PUMPWATCH_KAFKA_CA: /nowhere/ca.pem is no file that this user can read"),
        ({"redis": "http://127.0.0.1"}, "PUMPWATCH_REDIS: the URL starts with redis://"),
        ({"redis": "redis://cache.hospital.example"}, "unencrypted; use rediss://"),
        ({"redis": "redis://127.0.0.1:99999"}, "PUMPWATCH_REDIS: Port out of range 0-65535"),
        ({"redis": "redis://127.0.0.1?socket_timeout=soon"}, "PUMPWATCH_REDIS: Invalid value for 'socket_timeout'"),
        ({"redis": "redis://127.0.0.1?nonsense=1"}, "PUMPWATCH_REDIS: the URL has an option that is none: 'nonsense'"),
        ({"oidc_issuer": "http://sso.example"}, "PUMPWATCH_OIDC_ISSUER is not an https address"),
        ({"oidc_issuer": "sso.example"}, "PUMPWATCH_OIDC_ISSUER is not an https address"),
        ({"oidc_issuer": "https://sso.example", "oidc_client_id": "c"}, "and PUMPWATCH_OIDC_CLIENT_SECRET"),
        (
            {"oidc_issuer": "https://sso.example", "oidc_client_id": "c", "oidc_client_secret": "s"},
            "PUMPWATCH_OIDC_ISSUER needs PUMPWATCH_ACCOUNTS, where its groups get their rights",
        ),
        ({"worker_port": 70000}, "PUMPWATCH_WORKER_PORT: "),
        ({"session_timeout_s": "soon"}, "PUMPWATCH_SESSION_TIMEOUT_S: "),
    ],
)
def test_a_setting_that_does_not_fit_is_named(values, message):
    with pytest.raises(SettingsError) as error:
        load(**values)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_loopback_needs_no_encryption():
    assert load(kafka="127.0.0.1:9092,[::1]:9092").confluent()["security.protocol"] == "plaintext"


def test_a_password_never_shows_in_the_settings():
    settings = load(kafka="k:9093", kafka_security="sasl_ssl", kafka_user="worker", kafka_password="sesame")
    assert "sesame" not in repr(settings)
    assert settings.confluent()["sasl.password"] == "sesame"


def test_the_environment_is_read_and_options_win(monkeypatch):
    monkeypatch.setenv("PUMPWATCH_GROUP", "ward")
    assert load().group == "ward"
    assert load(group="unit").group == "unit"
    assert load(group=None).group == "ward"
