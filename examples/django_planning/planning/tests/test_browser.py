"""A person opens the admin in Chromium and sees the schedule that the command wrote."""

from __future__ import annotations

import shutil
import tempfile
from io import StringIO
from unittest import skipUnless

from django.contrib.auth.models import User
from django.contrib.staticfiles.testing import StaticLiveServerTestCase
from django.core.management import call_command
from django.test import tag

try:
    from selenium import webdriver
    from selenium.webdriver.common.by import By
except ImportError:
    webdriver = None

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,800",
)


def opened(folder: str) -> webdriver.Chrome:
    """Return Chromium with a new profile in a folder."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for one in (*QUIET, f"--user-data-dir={folder}"):
        options.add_argument(one)
    return webdriver.Chrome(options, webdriver.ChromeService(DRIVER))


@tag("browser")
@skipUnless(webdriver and CHROMIUM and DRIVER, "selenium, chromium and chromedriver are needed")
class BrowserTest(StaticLiveServerTestCase):
    serialized_rollback = True

    def setUp(self) -> None:
        User.objects.create_superuser("planner", password="wood and metal")
        self.folder = self.enterContext(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        self.browser = opened(self.folder)
        self.addCleanup(self.browser.quit)
        self.browser.implicitly_wait(30)

    def log_in(self) -> None:
        self.browser.get(self.live_server_url)
        self.browser.find_element(By.NAME, "username").send_keys("planner")
        self.browser.find_element(By.NAME, "password").send_keys("wood and metal")
        self.browser.find_element(By.CSS_SELECTOR, "[type=submit]").click()

    def open(self, link: str) -> None:
        self.browser.find_element(By.LINK_TEXT, link).click()

    def table(self) -> list[list[str]]:
        rows = self.browser.find_elements(By.CSS_SELECTOR, "#result_list tbody tr")
        return [[cell.text for cell in row.find_elements(By.CSS_SELECTOR, "th, td")] for row in rows]

    def test_a_person_sees_the_schedule(self) -> None:
        call_command("plan", stdout=StringIO())

        self.log_in()
        self.open("Production schedules")

        heading = self.browser.find_element(By.CSS_SELECTOR, "#content h2").text
        self.assertRegex(heading, r"^Plan of .* UTC: profit 2,735\.71, optimal$")
        self.assertEqual(
            self.table(),
            [
                ["Desk", "8.43", "3 to 30", "1,685.71"],
                ["Table", "5.00", "5 to 50", "600.00"],
                ["Chair", "10.00", "10 to 100", "450.00"],
            ],
        )

    def test_a_person_changes_the_data_and_sees_the_next_plan(self) -> None:
        call_command("plan", stdout=StringIO())
        self.log_in()
        self.open("Raw materials")
        self.open("Wood (board feet)")
        wood = self.browser.find_element(By.NAME, "available_quantity")
        wood.clear()
        wood.send_keys("535")
        self.browser.find_element(By.NAME, "_save").click()
        self.browser.find_element(By.CSS_SELECTOR, ".messagelist .success")

        call_command("plan", stdout=StringIO())
        self.open("Production schedules")

        self.assertEqual(self.table()[0], ["Desk", "9.43", "3 to 30", "1,885.71"])
