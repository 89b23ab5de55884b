"""The pages: one blueprint for each, and the frame that all of them stand in. They read a request and write no SQL."""

from channel.pages.consumer import page as consumer
from channel.pages.frame import page as frame
from channel.pages.franchise import page as franchise
from channel.pages.inspector import page as inspector
from channel.pages.keeper import page as keeper
from channel.pages.office import page as office
from channel.pages.pallet import page as pallet
from channel.pages.rep import page as rep
from channel.pages.report import page as report
from channel.pages.resolver import page as resolver
from channel.pages.signin import page as signin

BLUEPRINTS = (frame, consumer, report, pallet, resolver, signin, rep, franchise, keeper, inspector, office)
