"""The authored rows of the example year, in short form; `make.py` turns them into the JSON files.

Names come as (slug, zh, en). A slug is the indicator's code in both catalogues.
"""

from typing import NamedTuple


class Practical(NamedTuple):
    """One practical matter: its target of the year and what was done by 31 August, in `unit` (of measure)."""

    number: int  # the row in the published report for 1 to 12; above that only our own order
    slug: str
    zh: str
    en: str
    kind: str
    unit: str
    target: str
    done: str
    lead: str  # code of the lead unit
    issuer: str = "city"
    supporting: tuple[str, ...] = ()
    coordination: tuple[str, ...] = ()
    counties: tuple[int, ...] = ()  # weights in the order of COUNTIES, when they report, not the lead unit
    province: tuple[str, str] | None = None  # province's (value, unit), when not the city's own


COUNTIES = ("xiangtan-county", "xiangxiang", "shaoshan", "yuhu", "yuetang")

# fmt: off
# Tables: as many cells a line as fit, one indented entry a row.
PRACTICAL = (
    Practical(1, "county-township-roads", "改造县乡公路", "County and township roads rebuilt", "cumulative",
              "km", "60", "54.5", "transport", supporting=("road-administration",), province=("60000", "m")),
    Practical(2, "township-village-roads", "新建乡镇到村水泥(沥青)路", "New township-to-village paved roads",
              "cumulative", "km", "300", "451.6", "transport", counties=(40, 36, 12, 7, 5),
              province=("260", "km")),
    Practical(3, "new-urban-jobs", "新增城镇就业人员", "New urban jobs", "cumulative", "wan_person", "3.8",
              "3.61", "labour-and-social-security", province=("36000", "person")),
    Practical(4, "zero-employment-families", "城镇零就业家庭动态就业援助率",
              "Zero-employment families helped into work", "maintain", "percent", "100", "100",
              "labour-and-social-security"),
    Practical(5, "poor-rural-families-in-work", "农村贫困家庭转移就业援助",
              "Poor rural families placed in work", "cumulative", "household", "7000", "6029",
              "labour-and-social-security", counties=(38, 35, 11, 9, 7), province=("0.65", "wan_household")),
    Practical(6, "urban-medical-insurance", "城镇居民医保参保人数", "Urban residents' medical insurance",
              "cumulative", "wan_person", "50", "42.08", "labour-and-social-security",
              province=("500000", "person")),
    Practical(7, "township-hospitals", "新建乡镇卫生院", "New township hospitals", "cumulative", "place", "6",
              "1", "health"),
    Practical(8, "cooperative-inpatient-rate", "新型农村合作医疗住院补偿率",
              "Rural cooperative medical: in-patient compensation rate", "rate", "percent", "40", "40.57",
              "health", province=("38", "percent")),
    Practical(9, "cooperative-outpatient-pooling", "新型农村合作医疗门诊统筹补助",
              "Rural cooperative medical: out-patient pooling", "cumulative", "wan_yuan", "220", "150",
              "health", province=("2000000", "yuan")),
    Practical(10, "township-elderly-homes", "改扩建乡镇敬老院", "Township homes for the elderly rebuilt",
              "cumulative", "place", "3", "4", "civil-affairs"),
    Practical(11, "urban-minimum-living", "城市低保对象月人均补助", "Urban minimum-living subsidy", "floor",
              "yuan_per_person_month", "118", "155", "civil-affairs"),
    Practical(12, "rural-minimum-living", "农村低保对象月人均补助", "Rural minimum-living subsidy", "floor",
              "yuan_per_person_month", "45", "52", "civil-affairs", province=("42", "yuan_per_person_month")),
    Practical(13, "low-rent-housing", "城镇廉租住房保障户数", "Households in low-rent housing", "cumulative",
              "household", "4200", "3190", "housing"),
    Practical(14, "timber-quota-rate", "商品材采伐指标入村到户率",
              "Timber quotas handed down to villages and households", "rate", "percent", "95", "96.9",
              "forestry"),
    Practical(15, "biogas-digesters", "新建农村沼气池", "New rural biogas digesters", "cumulative", "opening",
              "12000", "12600", "agriculture", supporting=("rural-energy-office",),
              counties=(37, 36, 13, 8, 6)),
    Practical(16, "phoned-natural-villages", "新增通话自然村", "Newly phoned natural villages", "cumulative",
              "piece", "60", "60", "information-office", "province",
              coordination=("telecom-company", "mobile-company")),
    Practical(17, "safe-drinking-water", "农村饮水安全解决人数", "Rural people given safe drinking water",
              "cumulative", "wan_person", "8", "8.4", "water", counties=(34, 30, 12, 12, 12),
              province=("75000", "person")),
    Practical(18, "village-bookrooms", "新建农家书屋", "New village bookrooms", "cumulative", "piece", "150",
              "165", "culture"),
    Practical(19, "broadband-villages", "新增行政村通宽带", "Newly connected broadband villages",
              "cumulative", "piece", "120", "104", "information-office", "province",
              coordination=("telecom-company",)),
    Practical(20, "cataract-operations", "贫困白内障患者复明手术", "Cataract operations for poor patients",
              "cumulative", "person", "1200", "1068", "disabled-federation"),
    Practical(21, "central-care-rate", "农村五保对象集中供养率", "Rural destitute elderly in central care",
              "rate", "percent", "60", "52.5", "civil-affairs"),
    Practical(22, "unsafe-reservoirs", "病险水库除险加固", "Unsafe reservoirs reinforced", "cumulative",
              "piece", "24", "20", "water"),
    Practical(23, "cooperative-medical-participation", "新型农村合作医疗参合率",
              "Rural cooperative medical participation", "rate", "percent", "95", "91", "health"),
    Practical(24, "broadcast-villages", "新增广播电视村村通", "Villages newly reached by broadcasting",
              "cumulative", "piece", "90", "75", "broadcasting", "province"),
    Practical(25, "rural-grid-renewal", "改造行政村配电网", "Village power grids renewed", "cumulative",
              "piece", "80", "58", "development-and-reform", "province", coordination=("power-bureau",)),
    Practical(26, "rural-information-areas", "新增农村综合信息服务示范区",
              "Rural information demonstration areas", "cumulative", "piece", "6", "4", "information-office",
              "province", coordination=("mobile-company",)),
    Practical(27, "unsafe-rural-houses", "农村危房改造", "Unsafe rural houses rebuilt", "cumulative",
              "household", "900", "610", "construction", "province"),
    Practical(28, "township-culture-stations", "新建乡镇综合文化站", "New township culture stations",
              "cumulative", "place", "12", "8", "culture"),
    Practical(29, "school-buildings", "农村中小学校舍改造", "Rural school buildings rebuilt", "cumulative",
              "m2", "48000", "36200", "education"),
    Practical(30, "sewer-network", "新建城镇污水管网", "New urban sewers", "cumulative", "km", "45", "31.5",
              "construction", "province"),
    Practical(31, "children-rehabilitation", "残疾儿童抢救性康复",
              "Disabled children given early rehabilitation", "cumulative", "person", "160", "118",
              "disabled-federation"),
    Practical(32, "migrant-training", "农民工职业技能培训", "Migrant workers trained in a trade",
              "cumulative", "wan_person", "1.2", "0.9", "labour-and-social-security", "province"),
    Practical(33, "legal-aid-cases", "办理法律援助案件", "Legal aid cases", "cumulative", "item", "800",
              "612", "justice"),
)

# Row 9 month by month (year-to-date, 31 January to 31 July; then 31 August and 30 September, both come late).
# Published are only the two figures of 31 July.
OUTPATIENT = {"amount": ("14.6", "31.2", "52", "70.9", "90.3", "108.8", "127.3", "150", "168.3"),
    "person_time": ("17700", "37900", "63200", "86100", "109700", "132200", "154623", "182200", "204400")}


class New(NamedTuple):
    """A target new to the city that is no practical matter; `done` by 31 August."""

    slug: str
    zh: str
    en: str
    category: str
    kind: str
    unit: str
    target: str
    done: str
    lead: str
    bonus: bool = False


NEW = (
    New("tanheng-west-line-investment", "潭衡西线工程完成投资", "Tanheng West Line: completed investment",
        "key_work", "cumulative", "yi_yuan", "6.5", "4.6", "transport"),
    New("hongyi-avenue-investment", "红易大道工程完成投资", "Hongyi Avenue: completed investment", "key_work",
        "cumulative", "yi_yuan", "2.4", "1.3", "construction"),
    New("furong-avenue-investment", "芙蓉大道工程完成投资", "Furong Avenue: completed investment", "key_work",
        "cumulative", "yi_yuan", "4.8", "3.1", "construction"),
    New("sports-centre-investment", "市体育中心工程完成投资", "Sports centre: completed investment",
        "key_work", "cumulative", "yi_yuan", "3.2", "2.4", "sports"),
    New("public-interest-posts", "开发公益性岗位", "Public-interest posts opened", "livelihood", "cumulative",
        "person", "2600", "1980", "labour-and-social-security"),
    New("housing-fund-loans", "住房公积金贷款发放", "Housing-fund loans paid out", "livelihood", "cumulative",
        "wan_yuan", "32000", "21400", "housing"),
    New("exports", "出口总额", "Exports", "economy", "cumulative", "yi_yuan", "58", "34.2", "commerce"),
    New("technology-contracts", "技术合同成交额", "Technology contracts closed", "economy", "cumulative",
        "yi_yuan", "9", "6.3", "science"),
    New("high-tech-output", "高新技术产业总产值", "Output of high technology", "economy", "cumulative",
        "yi_yuan", "320", "211.5", "science"),
    New("small-firm-loans", "中小企业新增贷款", "New loans to small firms", "economy", "cumulative",
        "yi_yuan", "24", "19.8", "finance"),
    New("tourism-income", "旅游总收入", "Income from tourism", "economy", "cumulative", "yi_yuan", "72",
        "49.7", "commerce"),
    New("farm-machinery-subsidies", "农机购置补贴发放", "Farm machinery subsidies paid", "economy",
        "cumulative", "wan_yuan", "5200", "4470", "agriculture"),
    New("rural-shops", "新建改造农家店", "Village shops built or rebuilt", "economy", "cumulative", "piece",
        "260", "214", "commerce"),
    New("patents-granted", "专利授权量", "Patents granted", "economy", "cumulative", "item", "620", "403",
        "science", bonus=True),
    New("waste-reuse-rate", "工业固体废物综合利用率", "Industrial solid waste reused", "economy", "rate",
        "percent", "88", "89.4", "environment"),
    New("bad-loan-ratio", "金融机构不良贷款率", "Bad loans of financial institutions", "economy", "ceiling",
        "percent", "6.5", "6.1", "finance"),
    New("leading-farm-firms", "市级以上农业龙头企业", "Leading farm enterprises", "economy", "floor", "piece",
        "85", "83", "agriculture"),
    New("school-retention-rate", "义务教育巩固率", "Compulsory schooling retention", "society", "rate",
        "percent", "98", "98.6", "education"),
    New("urban-unemployment-rate", "城镇登记失业率", "Registered urban unemployment", "society", "ceiling",
        "percent", "4.5", "4.2", "labour-and-social-security"),
    New("work-safety-deaths", "生产安全事故死亡人数", "Deaths in work accidents", "society", "ceiling",
        "person", "96", "52", "work-safety"),
    New("forest-cover", "森林覆盖率", "Forest cover", "society", "floor", "percent", "46", "46.2",
        "forestry"),
    New("sports-grounds", "新建农民体育健身工程", "Village sports grounds built", "society", "cumulative",
        "piece", "110", "78", "sports"),
    New("library-visits", "公共图书馆接待读者", "Public library visits", "society", "cumulative",
        "wan_person_time", "42", "29.6", "culture"),
    New("food-safety-checks", "食品药品抽检", "Food and drug samples checked", "society", "cumulative",
        "item", "3000", "2240", "health"),
)


class Shared(NamedTuple):
    """A target both catalogues hold that is no practical matter: (value, unit, basis, period) of either side.

    `reason` is what alignment is expected to say; it is checked by the test, never written to the catalogues.
    """

    slug: str
    zh: str
    en: str
    category: str
    kind: str
    direction: str
    province: tuple[str, ...]
    city: tuple[str, ...]
    reason: str


SHARED = (
    Shared("key-project-investment", "重点工程完成投资", "Key projects: completed investment", "key_work",
           "cumulative", "higher", ("200", "yi_yuan"), ("180", "yi_yuan"), "RAISED_TO_PROVINCE"),
    Shared("key-project-start-rate", "重点工程开工率", "Key projects: start rate", "key_work", "rate",
           "higher", ("95", "percent"), ("90", "percent"), "RAISED_TO_PROVINCE"),
    Shared("land-delivered", "重点工程交付用地", "Land delivered to key projects", "key_work", "cumulative",
           "higher", ("3200000", "m2"), ("3500000", "m2"), "CITY_STRICTER_KEPT"),
    Shared("central-investment-won", "争取新增中央投资", "Additional central investment won", "key_work",
           "cumulative", "higher", ("8", "yi_yuan"), ("10", "yi_yuan"), "BONUS_ITEM"),
    Shared("urban-income", "城镇居民人均可支配收入", "Urban disposable income per head", "livelihood",
           "floor", "higher", ("9", "percent", "growth"), ("1250", "yuan_per_person_month"),
           "NEEDS_DECISION"),
    Shared("rural-income-growth", "农民人均纯收入增长", "Growth of rural net income per head", "livelihood",
           "rate", "higher", ("9", "percent", "growth"), ("8", "percent", "growth"), "RAISED_TO_PROVINCE"),
    Shared("gdp-growth", "地区生产总值增长", "Growth of gross product", "economy", "rate", "higher",
           ("13", "percent", "growth"), ("12.5", "percent", "growth"), "RAISED_TO_PROVINCE"),
    Shared("fiscal-revenue", "财政总收入", "Fiscal revenue", "economy", "cumulative", "higher",
           ("12", "percent", "growth"), ("58", "yi_yuan"), "NEEDS_DECISION"),
    Shared("industry-growth", "规模工业增加值增长", "Growth of large industry's value added", "economy",
           "rate", "higher", ("16", "percent", "growth"), ("18", "percent", "growth"), "CITY_STRICTER_KEPT"),
    Shared("outside-capital", "实际利用省外境内资金", "Capital in place from other provinces", "economy",
           "cumulative", "higher", ("650000", "wan_yuan"), ("60", "yi_yuan"), "RAISED_TO_PROVINCE"),
    Shared("retail-sales", "社会消费品零售总额", "Retail sales", "economy", "cumulative", "higher",
           ("45", "yi_yuan", "value", "quarter"), ("180", "yi_yuan"), "NEEDS_DECISION"),
    Shared("energy-use-growth", "规模工业能耗增幅", "Growth of large industry's energy use", "economy",
           "ceiling", "lower", ("3.5", "percent", "growth"), ("4", "percent", "growth"),
           "RAISED_TO_PROVINCE"),
    Shared("wage-arrears-cases", "拖欠工资未结案件", "Unsettled cases of unpaid wages", "economy", "ceiling",
           "lower", ("20", "item"), ("15", "item"), "CITY_STRICTER_KEPT"),
    Shared("firms-listed", "新增上市企业", "Firms newly listed", "economy", "cumulative", "higher",
           ("1", "piece"), ("1", "piece"), "BONUS_ITEM"),
    Shared("major-accidents", "较大生产安全事故", "Major work accidents", "society", "ceiling", "lower",
           ("2", "item"), ("3", "item"), "RAISED_TO_PROVINCE"),
    Shared("repeat-petition-rate", "重复信访率", "Repeated petitions", "society", "ceiling", "lower",
           ("8", "percent"), ("8", "percent"), "CITY_STRICTER_KEPT"),
    Shared("community-health", "社区卫生服务", "Community health service", "society", "cumulative", "higher",
           ("12", "place"), ("30", "wan_person"), "NEEDS_DECISION"),
    Shared("public-security", "社会治安综合治理", "Public security", "society", "qualitative", "higher", (),
           (), "TEXT_MERGED"),
    Shared("national-honours", "获国家级荣誉", "National honours won", "society", "qualitative", "higher", (),
           (), "BONUS_ITEM"),
    Shared("open-government", "政务公开", "Open government", "government", "qualitative", "higher", (), (),
           "TEXT_MERGED"),
    Shared("administrative-efficiency", "行政效能建设", "Administrative efficiency", "government",
           "qualitative", "higher", (), (), "TEXT_MERGED"),
    Shared("clean-government", "廉政建设", "Clean government", "government", "qualitative", "higher", (), (),
           "TEXT_MERGED"),
)

# Only in the city's catalogue: slug, zh, en, category, kind, unit, value ("" for qualitative), bonus.
CITY_ONLY = (
    ("park-services", "园区服务配套项目", "Park service works", "key_work", "milestone", "percent", "100",
     False),
    ("key-project-liaison", "重点项目联点服务", "Liaison service for key projects", "key_work", "qualitative",
     "", "", False),
    ("urban-greening", "新增城区绿地", "New urban green space", "livelihood", "cumulative", "m2", "420000",
     False),
    ("market-rebuilds", "农贸市场改造", "Food markets rebuilt", "livelihood", "cumulative", "place", "8",
     False),
    ("bus-shelters", "新建公交站亭", "New bus shelters", "livelihood", "cumulative", "piece", "120", False),
    ("park-output", "园区技工贸总收入", "Income of the parks", "economy", "cumulative", "yi_yuan", "410",
     False),
    ("famous-brands", "新增名牌产品", "New famous brands", "economy", "cumulative", "piece", "6", True),
    ("budget-overrun", "部门预算超支率", "Departments over budget", "economy", "ceiling", "percent", "3",
     False),
    ("mass-culture", "群众文化活动", "Mass culture events", "society", "cumulative", "item", "90", False),
    ("volunteers", "注册志愿者", "Registered volunteers", "society", "floor", "wan_person", "5", False),
    ("approval-days", "行政审批提速", "Faster approvals", "government", "rate", "percent", "30", False),
    ("management-innovation", "管理创新", "Management innovation", "government", "qualitative", "", "", True),
)

# Of the province's 125, those that assess only other cities: slug, zh, en, category, kind, unit, value,
# number of cities.
ELSEWHERE = (
    ("key-projects", "省级重点工程", "Provincial key projects in", "key_work", "milestone", "percent", "100",
     10),
    ("drinking-water", "农村饮水安全", "Safe drinking water in", "livelihood", "cumulative", "wan_person",
     "9", 8),
    ("industry", "规模工业增加值", "Value added of large industry in", "economy", "cumulative", "yi_yuan",
     "140", 12),
    ("vocational-schools", "职业学校招生", "Vocational school places in", "society", "cumulative",
     "wan_person", "1.5", 10),
    ("e-government", "电子政务试点", "E-government pilot in", "government", "qualitative", "", "", 6),
)
OTHER_CITIES = (
    ("changsha", "长沙", "Changsha"),
    ("zhuzhou", "株洲", "Zhuzhou"),
    ("hengyang", "衡阳", "Hengyang"),
    ("shaoyang", "邵阳", "Shaoyang"),
    ("yueyang", "岳阳", "Yueyang"),
    ("changde", "常德", "Changde"),
    ("zhangjiajie", "张家界", "Zhangjiajie"),
    ("yiyang", "益阳", "Yiyang"),
    ("chenzhou", "郴州", "Chenzhou"),
    ("yongzhou", "永州", "Yongzhou"),
    ("huaihua", "怀化", "Huaihua"),
    ("loudi", "娄底", "Loudi"),
)
# fmt: on


class Named(NamedTuple):
    """A project the published report names; where `figures` (亿元) are fixed, the others make the total."""

    slug: str
    zh: str
    en: str
    subs: tuple[tuple[str, str, str], ...] = ()  # slug, zh, en
    figures: tuple[str, str] | None = None  # plan, done; those of a target in NEW agree with it
    published: bool = False
    groups: tuple[str, ...] = ()  # instead of those of its set
    unit: str = ""  # likewise


class Set(NamedTuple):
    """Projects that together have a known plan and completed investment (亿元, to 31 July).

    In order: `continued` of them first, all started; then new ones, the last of which, after `started`
    in all, have not started.
    """

    prefix: str
    zh: str
    en: str
    size: int
    continued: int
    started: int
    plan: str
    done: str
    groups: tuple[str, ...]  # more than one: taken in turn, except with `provincial`, which all then share
    provincial: bool
    units: tuple[str, ...]  # responsible units, in turn
    named: dict[int, Named]  # by place in the set, from 0
    subs: dict[int, int]  # number of sub-projects of unnamed projects, by place


# fmt: off
STEEL = Named(
    "xianggang-renewal", "湘钢技改", "Xianggang steel works renewal",
    subs=(("blast-furnace-2", "2号高炉移地大修", "Blast furnace 2"),
          ("sintering-2", "二烧移地大修", "Second sintering plant"),
          ("wide-plate-1", "五米宽厚板一期", "Wide-plate mill, phase 1")),
    # Twice in industrial-and-park, by itself and by way of technical-renewal: a union counts it once.
    groups=("provincial", "steel-works", "industrial-and-park"), published=True,
)
SOLAR = Named("solar-cells", "太阳能电池片项目", "Solar cells", figures=("0.5007", "1.06"),
              published=True, groups=("solar-cells",))
SPORTS_CENTRE = Named("sports-centre", "市体育中心", "Sports centre",
                      subs=(("stadium", "体育场", "Stadium"), ("halls", "场馆", "Halls and pool"),
                            ("grounds", "室外配套", "Grounds")), figures=("3.2", "1.9"), unit="sports")
FURONG_AVENUE = Named("furong-avenue", "芙蓉大道", "Furong Avenue",
                      subs=(("section-1", "一标段", "Section 1"), ("section-2", "二标段", "Section 2"),
                            ("drainage", "排水工程", "Drainage")), figures=("4.8", "2.5"),
                      groups=("provincial", "infrastructure"), unit="construction")

SETS = (
    Set("steel", "", "", 1, 1, 1, "25", "22.5", (), True, ("economic-commission",), {0: STEEL}, {}),
    Set("renewal", "", "", 3, 1, 3, "4.79", "1.6", ("technical-renewal",), False, ("economic-commission",),
        {0: Named("jianglu-renewal", "江麓技改", "Jianglu machinery renewal"),
         1: Named("xiangji-renewal", "湘机技改", "Xiangji machinery renewal"),
         2: Named("jiangnan-renewal", "江南技改", "Jiangnan machinery renewal")}, {}),
    Set("jiuhua", "九华园区项目", "Jiuhua works", 6, 2, 6, "13", "13.6", ("jiuhua",), False, ("jiuhua",),
        {0: Named("jinhai-heavy-1", "金海重工一期", "Jinhai Heavy Industry, phase 1"),
         1: Named("quanchuang-1", "全创科技一期", "Quanchuang Technology, phase 1")}, {}),
    Set("high-tech", "高新区项目", "High-tech zone works", 5, 1, 5, "9.1", "10.5", ("high-tech",), False,
        ("high-tech-zone",), {1: SOLAR}, {}),
    Set("park", "园区项目", "Park works", 7, 1, 4, "26.1", "18.17", ("other-parks",), False,
        ("tianyi", "zhaoshan"), {}, {}),
    Set("provincial", "省重点工程", "Provincial key works", 26, 9, 21, "45.1", "20.2",
        ("infrastructure", "public-services"), True, ("transport", "construction", "key-projects-office"),
        {0: Named("tanheng-west-line", "潭衡西线", "Tanheng West Line", figures=("6.5", "3.8")),
         1: SPORTS_CENTRE,
         9: FURONG_AVENUE,
         10: Named("hongyi-avenue", "红易大道", "Hongyi Avenue", figures=("2.4", "1")),
         25: Named("railway-station", "火车站改扩建", "Railway station rebuild",
                   groups=("provincial", "infrastructure"), unit="key-projects-office")}, {}),
    Set("city", "市重点工程", "City key works", 67, 20, 60, "56.91", "20.63",
        ("infrastructure", "public-services", "agriculture-and-environment"), False,
        ("construction", "xiangtan-county", "water", "xiangxiang", "education", "yuhu", "yuetang",
         "shaoshan"),
        {20: Named("fuxing-middle-road", "福星中路", "Fuxing Middle Road", groups=("infrastructure",),
                   unit="construction")},
        {3: 3, 12: 3, 24: 3, 33: 3, 41: 4}),
)
